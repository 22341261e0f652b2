package io.bellfounder.wire;

import java.util.ArrayList;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway needs to know of a request body, read in one pass without building a tree. Only
 * top-level members count: a {@code "model"} inside a string or a nested object is not looked at.
 * If a name is given twice, the last one counts, as with most parsers.
 */
public sealed interface RequestScan {

  /**
   * The body is no JSON object, or its structure is broken.
   *
   * @param reason what is wrong, for a person; holds nothing of the body
   * @param offset the byte at which reading stopped, counted from the body's start
   */
  record Unreadable(String reason, int offset) implements RequestScan {}

  /** A range of the scanned array: {@code from} inclusive, {@code to} exclusive. */
  record Range(int from, int to) {}

  /**
   * Reads a body. Takes milliseconds for 32 MiB, never throws for any bytes.
   *
   * @param bytes not copied: must stay unchanged while the result is used for edits
   */
  static RequestScan of(Endpoint endpoint, byte[] bytes, int offset, int length) {
    int end = offset + length;
    var estimate = new PromptEstimate(endpoint == Endpoint.EMBEDDINGS);
    var cursor = new JsonCursor().over(bytes, offset, end).counting(estimate);
    var found = new RequestMembers(bytes);
    if (cursor.enterObject()) {
      while (cursor.next()) {
        found.member(cursor);
      }
    }
    if (cursor.fault() == null) {
      cursor.atEnd();
    }
    var fault = cursor.fault();
    if (fault != null) {
      return new Unreadable(fault, cursor.position() - offset);
    }
    return new Scanned(
        endpoint,
        bytes,
        offset,
        end,
        found,
        new Insertion(cursor.objectEnd(), found.any),
        estimate.tokens());
  }

  /**
   * Where a member may be added, and whether a comma must stand before it.
   *
   * @param offset of the closing brace
   */
  record Insertion(int offset, boolean afterMember) {}

  /** A body that is a JSON object. Immutable; safe for use by many threads. */
  final class Scanned implements RequestScan {
    private static final byte[] OPTIONS =
        JsonText.utf8("\"stream_options\":{\"include_usage\":true}");
    private static final byte[] OPTIONS_AFTER =
        JsonText.utf8(",\"stream_options\":{\"include_usage\":true}");
    private static final byte[] OPTIONS_VALUE = JsonText.utf8("{\"include_usage\":true}");
    private static final byte[] INCLUDE = JsonText.utf8("\"include_usage\":true");
    private static final byte[] INCLUDE_AFTER = JsonText.utf8(",\"include_usage\":true");
    private static final byte[] TRUE = JsonText.utf8("true");

    private final Endpoint endpoint;
    private final byte[] bytes;
    private final int from;
    private final int to;
    private final RequestMembers members;
    private final Insertion insertion;
    private final long estimatedInputTokens;
    private final StreamOptions streamOptions;

    private Scanned(
        Endpoint endpoint,
        byte[] bytes,
        int from,
        int to,
        RequestMembers members,
        Insertion insertion,
        long estimatedInputTokens) {
      this.endpoint = endpoint;
      this.bytes = bytes;
      this.from = from;
      this.to = to;
      this.members = members;
      this.insertion = insertion;
      this.estimatedInputTokens = estimatedInputTokens;
      this.streamOptions = StreamOptions.of(members.bytes, members.streamOptions);
    }

    /** The model; {@code null} if the body has none, or one that is no string up to 4 KiB. */
    public @Nullable String model() {
      return members.model;
    }

    /** Where the model's value stands, quotes included. */
    public @Nullable Range modelRange() {
      return members.models.isEmpty() ? null : members.models.getLast();
    }

    /** True if {@code stream} is literally {@code true}. */
    public boolean streaming() {
      return members.stream;
    }

    /**
     * The most tokens the client wants back: {@code max_completion_tokens}, else {@code
     * max_tokens}; {@code null} if neither is a whole number.
     */
    public @Nullable Long maxOutputTokens() {
      return members.maxCompletionTokens != null ? members.maxCompletionTokens : members.maxTokens;
    }

    /** True if the body has a {@code stream_options}, whatever its value. */
    public boolean hasStreamOptions() {
      return members.streamOptions != null;
    }

    /** True if {@code stream_options.include_usage} is literally {@code true}. */
    public boolean asksForUsage() {
      return streamOptions.asked();
    }

    /** Where a member may be added. */
    public Insertion insertion() {
      return insertion;
    }

    /** A floor of the input's tokens: a quarter of the text's bytes; see {@link PromptEstimate}. */
    public long estimatedInputTokens() {
      return estimatedInputTokens;
    }

    /**
     * True if this is an OpenAI stream whose client did not ask for usage: {@link #edited} then
     * asks in its name, and the extra chunk is to be dropped from the answer.
     */
    public boolean dropsUsageChunk() {
      return asksInItsName();
    }

    private boolean asksInItsName() {
      return endpoint == Endpoint.CHAT_COMPLETIONS
          && members.stream
          && !streamOptions.asked()
          && streamOptions.editable();
    }

    /**
     * The body as a provider gets it: the model replaced if another is given (in every place, if it
     * is named twice), usage asked for if this is an OpenAI stream; all else the client's bytes.
     *
     * @param model {@code null} leaves the client's
     */
    public EditedBody edited(@Nullable String model) {
      var edits = new ArrayList<Edit>(2);
      if (model != null) {
        var quoted = JsonText.quoted(model);
        members.models.forEach(each -> edits.add(new Edit(each, quoted)));
      }
      if (asksInItsName()) {
        edits.add(askForUsage());
      }
      edits.sort(Comparator.comparingInt(each -> each.range().from()));
      var body = new EditedBody.Builder(bytes, from, to);
      edits.forEach(each -> body.replace(each.range().from(), each.range().to(), each.with()));
      return body.build();
    }

    private Edit askForUsage() {
      return switch (streamOptions) {
        case StreamOptions.Absent() ->
            new Edit(
                new Range(insertion.offset(), insertion.offset()),
                insertion.afterMember() ? OPTIONS_AFTER : OPTIONS);
        case StreamOptions.Null(var range) -> new Edit(range, OPTIONS_VALUE);
        case StreamOptions.Silent(int end, boolean afterMember) ->
            new Edit(new Range(end, end), afterMember ? INCLUDE_AFTER : INCLUDE);
        case StreamOptions.Declined(var range) -> new Edit(range, TRUE);
        case StreamOptions.Asked(), StreamOptions.Other() ->
            throw new IllegalStateException("nothing to ask for");
      };
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Edit(Range range, byte[] with) {}
  }
}
