package io.bellfounder.gateway;

import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.StreamResetException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What went wrong on the way to a provider, in words for a person who reads no Java. */
final class NetworkFailure {
  private static final int WORDS_MAX = 200;
  private static final int CAUSES_MAX = 8;
  private static final Pattern CLASS_NAME =
      Pattern.compile("\\b(?:[\\w$]+\\.)*[\\w$]*(?:Exception|Error)\\b:? ?");

  private NetworkFailure() {}

  /** Why there is no connection. */
  static String connecting(@Nullable Throwable failure) {
    return switch (failure) {
      case ConnectionPoolTooBusyException _ -> "too many calls wait for a connection to it";
      case UnknownHostException _ -> "its host name was not found";
      case TimeoutException _ -> "no connection within the time-out";
      case NoRouteToHostException _ -> "there is no route to its host";
      case SSLException tls -> "TLS failed: " + tls(tls);
      case ConnectException refused ->
          mentions(refused, "timed out")
              ? "no connection within the time-out"
              : mentions(refused, "unreachable")
                  ? "its network cannot be reached"
                  : "connection refused";
      case null, default -> "no connection: " + broken(failure);
    };
  }

  /** Why a connection that stood is gone. */
  static String broken(@Nullable Throwable failure) {
    return switch (failure) {
      case null -> "no reason is known";
      case SSLException tls -> "TLS failed: " + tls(tls);
      case StreamResetException _ -> "it cancelled the request";
      case HttpClosedException _ -> "it closed the connection";
      case ClosedChannelException _ -> "it closed the connection";
      case TimeoutException _ -> "it did not answer within the time-out";
      case SocketException reset when mentions(reset, "reset") -> "it reset the connection";
      case Throwable other when mentions(other, "reset") -> "it reset the connection";
      case Throwable other when mentions(other, "broken pipe") || mentions(other, "closed") ->
          "it closed the connection";
      case Throwable other when mentions(other, "timed out") -> "the network timed out";
      // Its words may be the header it refused, which is to say a credential.
      case IllegalArgumentException _ -> "the request could not be written";
      default -> plain(failure.getMessage());
    };
  }

  private static String tls(SSLException failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++, cause = cause.getCause()) {
      if (cause instanceof CertificateExpiredException) {
        return "its certificate has expired";
      }
      if (cause instanceof CertificateNotYetValidException) {
        return "its certificate is not valid yet, or this machine's clock is wrong";
      }
      if (mentions(cause, "unable to find valid certification path")) {
        return "its certificate is signed by nobody this machine trusts";
      }
      if (mentions(cause, "no subject alternative") || mentions(cause, "no name matching")) {
        return "its certificate is for another host name";
      }
    }
    return plain(failure.getMessage());
  }

  private static boolean mentions(Throwable failure, String words) {
    String message = failure.getMessage();
    return message != null && message.toLowerCase(Locale.ROOT).contains(words);
  }

  private static String plain(@Nullable String message) {
    String words =
        message == null
            ? ""
            : CLASS_NAME.matcher(message).replaceAll("").replaceAll("\\s+", " ").strip();
    if (words.isEmpty()) {
      return "no reason is known";
    }
    return words.length() > WORDS_MAX ? words.substring(0, WORDS_MAX) : words;
  }
}
