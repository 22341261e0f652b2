package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Where every request comes in: model endpoints are answered here, everything else is streamed to
 * the control plane.
 */
final class FrontDoor implements Handler<HttpServerRequest> {
  private static final Pattern KEY_IN_PATH = Pattern.compile("(/ak/+)[^/]+");

  private final EventLoop loop;
  private final Plane plane;
  private final ControlPlane controlPlane;
  private final ModelList models;

  FrontDoor(EventLoop loop, Plane plane, ControlPlane controlPlane) {
    this.loop = loop;
    this.plane = plane;
    this.controlPlane = controlPlane;
    this.models = new ModelList(loop, plane);
  }

  @Override
  public void handle(HttpServerRequest request) {
    var path = request.path() == null ? "/" : request.path();
    var id = plane.ports.ids().get();
    var asModel = ModelPath.parse(path);
    if (asModel != null) {
      modelEndpoint(request, asModel, id);
    } else if (request.method() == HttpMethod.HEAD
        && (path.equals("/") || path.equals("/api/hello"))) {
      // Claude Code knocks with these at its start; they tell it only that somebody is there.
      request.response().putHeader("x-request-id", id.toString()).end();
    } else if (plane.draining && (path.equals("/health/ready") || path.equals("/health"))) {
      ControlPlane.Problems.unavailable(request, id.toString(), "This node is shutting down.");
    } else {
      controlPlane.forward(request, id.toString());
    }
  }

  private void modelEndpoint(HttpServerRequest request, ModelPath path, UUID id) {
    var operation = path.versioned() ? Operation.at(path.below()) : null;
    var method = request.method();
    if (operation != null && method == HttpMethod.POST) {
      new CallPath(loop, plane, request, operation, path.key(), id).run();
    } else if (path.versioned() && method == HttpMethod.GET && ModelList.serves(path.below())) {
      models.answer(request, path, id);
    } else if (path.key() != null && method == HttpMethod.HEAD) {
      request.response().putHeader("x-request-id", id.toString()).end();
    } else {
      var dialect = operation == null ? dialectOf(request) : operation.dialect;
      plane.refused(dialect, 404, "unknown_endpoint");
      OwnAnswer.refuse(
          request,
          dialect,
          Refusal.noSuchEndpoint(method.name(), withoutSecrets(request)),
          id.toString());
    }
  }

  /**
   * The client sends its body when it is told to; in HTTP/1.0 nobody can tell it (RFC 9110 10.1.1).
   */
  static boolean awaitsContinue(HttpServerRequest request) {
    return "100-continue".equalsIgnoreCase(request.getHeader("expect"))
        && request.version() != HttpVersion.HTTP_1_0;
  }

  /** The path to say back, which ends up in logs and on screens. */
  private static String withoutSecrets(HttpServerRequest request) {
    return Credentials.removedFrom(KEY_IN_PATH.matcher(request.path()).replaceAll("$1***"));
  }

  /** Which protocol a client speaks where the path alone does not tell. */
  static Dialect dialectOf(HttpServerRequest request) {
    var agent = request.getHeader("user-agent");
    boolean anthropic =
        request.getHeader("anthropic-version") != null
            || request.getHeader("x-api-key") != null
            || agent != null && (agent.startsWith("claude-cli") || agent.startsWith("claude-code"));
    return anthropic ? Dialect.ANTHROPIC : Dialect.OPENAI;
  }
}
