package io.bellfounder.wire;

import io.bellfounder.wire.RequestScan.Range;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The members of a request that matter, as they are met. */
final class RequestMembers {
  private static final int MODEL_BYTES_MAX = 4_096;

  final byte[] bytes;
  final List<Range> models = new ArrayList<>(1);
  boolean any;
  @Nullable String model;
  boolean stream;
  @Nullable Long maxTokens;
  @Nullable Long maxCompletionTokens;
  @Nullable Range streamOptions;

  RequestMembers(byte[] bytes) {
    this.bytes = bytes;
  }

  void member(JsonCursor at) {
    any = true;
    if (at.named("model")) {
      model = at.string(MODEL_BYTES_MAX);
      models.add(new Range(at.valueStart(), at.valueEnd()));
    } else if (at.named("stream")) {
      stream = at.valueIsTrue();
    } else if (at.named("max_tokens")) {
      maxTokens = at.wholeNumber();
    } else if (at.named("max_completion_tokens")) {
      maxCompletionTokens = at.wholeNumber();
    } else if (at.named("stream_options")) {
      streamOptions = new Range(at.valueStart(), at.valueEnd());
    }
  }
}
