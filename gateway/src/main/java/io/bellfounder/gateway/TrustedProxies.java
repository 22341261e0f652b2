package io.bellfounder.gateway;

import io.netty.util.NetUtil;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The addresses whose word on who the client is counts. */
final class TrustedProxies {
  private static final Pattern PORT =
      Pattern.compile("^(?:(\\d+(?:\\.\\d+){3}):\\d+|\\[(.+)](?::\\d+)?)$");

  private final List<Block> blocks;

  TrustedProxies(List<String> addressesOrBlocks) {
    blocks = addressesOrBlocks.stream().map(Block::parse).toList();
  }

  boolean trusts(@Nullable String address) {
    if (address == null || blocks.isEmpty()) {
      return false;
    }
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
    return bytes != null && blocks.stream().anyMatch(block -> block.contains(bytes));
  }

  /**
   * Whose request it is: of the addresses told, the nearest that is no trusted proxy. What lies
   * beyond is that client's own word, which may be anything.
   *
   * @param told the values of {@code X-Forwarded-For}, each a list, the nearest address last
   */
  String client(@Nullable String peer, List<String> told) {
    var client = peer == null ? "" : peer;
    var addresses = String.join(",", told).split(",", -1);
    for (int i = addresses.length - 1; i >= 0 && trusts(client); i--) {
      // Some proxies add the port.
      var address = PORT.matcher(addresses[i].strip()).replaceFirst("$1$2");
      if (NetUtil.createByteArrayFromIpAddressString(address) == null) {
        break;
      }
      client = address;
    }
    return client;
  }

  private record Block(byte[] network, int prefix) {
    static Block parse(String text) {
      int slash = text.indexOf('/');
      byte[] network =
          NetUtil.createByteArrayFromIpAddressString(slash < 0 ? text : text.substring(0, slash));
      if (network == null) {
        throw new IllegalArgumentException("trusted proxy is no address or CIDR block: " + text);
      }
      int bits = network.length * 8;
      int prefix = slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1));
      if (prefix < 0 || prefix > bits) {
        throw new IllegalArgumentException("trusted proxy has a wrong prefix length: " + text);
      }
      return new Block(network, prefix);
    }

    boolean contains(byte[] address) {
      if (address.length != network.length) {
        return false;
      }
      for (int bit = 0; bit < prefix; bit += 8) {
        int mask = prefix - bit >= 8 ? 0xff : 0xff << (8 - (prefix - bit)) & 0xff;
        if (((address[bit / 8] ^ network[bit / 8]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
