package io.bellfounder.gateway;

/** Bodies and events as providers and clients write them. */
final class Said {
  static final String ASK = "{\"model\":\"claude-x\",\"max_tokens\":16,\"messages\":[]}";
  static final String ASK_STREAM =
      "{\"model\":\"claude-x\",\"max_tokens\":16,\"stream\":true,\"messages\":[]}";
  static final String ANSWER =
      "{\"id\":\"msg_1\",\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],"
          + "\"usage\":{\"input_tokens\":11,\"cache_creation_input_tokens\":0,"
          + "\"cache_read_input_tokens\":3,\"output_tokens\":7}}";
  static final String START =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\","
          + "\"usage\":{\"input_tokens\":11,\"output_tokens\":1}}}\n\n";
  static final String BLOCK =
      "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
          + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
  static final String DELTA =
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
          + "\"delta\":{\"type\":\"text_delta\",\"text\":\"hällo\"}}\n\n";
  static final String BLOCK_STOP =
      "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
  static final String MESSAGE_DELTA =
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":"
          + "{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n";
  static final String STOP = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  static final String PING = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
  static final String OVERLOADED_EVENT =
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
          + "\"message\":\"Overloaded\"}}\n\n";
  static final String[] STREAM = {START, BLOCK, PING, DELTA, BLOCK_STOP, MESSAGE_DELTA, STOP};

  static final String ASK_CHAT = "{\"model\":\"gpt-x\",\"messages\":[]}";
  static final String ASK_CHAT_STREAM = "{\"model\":\"gpt-x\",\"stream\":true,\"messages\":[]}";
  static final String CHUNK =
      "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
          + "{\"content\":\"hi\"},\"finish_reason\":null}],\"usage\":null}\n\n";
  static final String FINISH =
      "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},"
          + "\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
  static final String USAGE_ONLY =
      "data: {\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,"
          + "\"completion_tokens\":4,\"total_tokens\":14,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":6}}}\n\n";
  static final String DONE = "data: [DONE]\n\n";

  private Said() {}

  static String error(String type, String message) {
    return "{\"type\":\"error\",\"error\":{\"type\":\""
        + type
        + "\",\"message\":\""
        + message
        + "\"},\"request_id\":\"req_9\"}";
  }
}
