package io.bellfounder.gateway;

import io.netty.util.NetUtil;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The addresses whose word on who the client is counts. */
final class TrustedProxies {
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
