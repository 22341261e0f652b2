package io.bellfounder.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages that one run's current step is writing, so that their pieces have numbers, and so that a
 * cancelled run keeps what was written. Safe for many threads.
 */
final class Drafts {
  /** Of all texts that a step keeps; later pieces are still told, but not kept. */
  static final int CHARS_MAX = 1 << 20;

  private static final int MESSAGES_MAX = 100;

  private static final class Draft {
    private int attempt;
    private long pieces;
    private final StringBuilder text = new StringBuilder();
  }

  private final Map<String, Draft> drafts = new LinkedHashMap<>();
  private int chars;

  /** Adds a piece and gives its number; 0 if a later attempt has begun meanwhile. */
  synchronized long add(String message, int attempt, String text) {
    Draft draft = drafts.get(message);
    if (draft == null) {
      if (drafts.size() == MESSAGES_MAX) {
        throw new IllegalStateException(
            "a step writes at most " + MESSAGES_MAX + " messages at a time");
      }
      draft = new Draft();
      drafts.put(message, draft);
    }
    if (draft.attempt > attempt) {
      return 0;
    }
    if (draft.attempt < attempt) {
      chars -= draft.text.length();
      draft.attempt = attempt;
      draft.pieces = 0;
      draft.text.setLength(0);
    }
    if (chars + text.length() <= CHARS_MAX) {
      chars += text.length();
      draft.text.append(text);
    }
    return ++draft.pieces;
  }

  /** Whether anything was written since the last {@link #clear}. */
  synchronized boolean any() {
    return !drafts.isEmpty();
  }

  synchronized void clear() {
    drafts.clear();
    chars = 0;
  }

  /** What stands of messages that were not told as a whole. */
  synchronized List<Journal.Entry> partial(List<Journal.Entry> told) {
    List<Journal.Entry> partial = new ArrayList<>();
    drafts.forEach((id, draft) -> {
      boolean whole =
          told.stream()
              .anyMatch(e ->
                  e.kind().equals(Event.MESSAGE) && id.equals(Json.object(e.data()).get("id")));
      if (!whole) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("id", id);
        data.put("message", draft.text.toString());
        data.put("partial", true);
        partial.add(new Journal.Entry(Event.MESSAGE, data));
      }
    });
    return partial;
  }
}
