export interface Setting {
  /** Without a slash at its end, without /v1. */
  baseUrl: string;
  key: string;
  anthropicModel: string;
  openaiModel: string;
}

export interface Snippet {
  title: string;
  note?: string;
  code: string;
}

export interface Client {
  id: string;
  label: string;
  snippets: (setting: Setting) => Snippet[];
}

/** The variables that the official SDKs read take Anthropic's address without /v1 and OpenAI's with. */
export const clients: Client[] = [
  {
    id: "claude-code",
    label: "Claude Code",
    snippets: ({ baseUrl, key }) => [
      {
        title: "In the shell",
        note: "Then start Claude Code as always. The address has no /v1 at its end. If you are signed in with a subscription, the token goes before it while this variable is set.",
        code: `export ANTHROPIC_BASE_URL=${baseUrl}\nexport ANTHROPIC_AUTH_TOKEN=${key}\nclaude`,
      },
      {
        title: "Or for good, in ~/.claude/settings.json",
        code: JSON.stringify({ env: { ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_AUTH_TOKEN: key } }, null, 2),
      },
    ],
  },
  {
    id: "anthropic-js",
    label: "@anthropic-ai/sdk",
    snippets: ({ baseUrl, key, anthropicModel }) => [
      {
        title: "JavaScript and TypeScript",
        code: `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: "${baseUrl}",
  apiKey: "${key}",
});

const message = await client.messages.create({
  model: "${anthropicModel}",
  max_tokens: 256,
  messages: [{ role: "user", content: "Say hello." }],
});
console.log(message.content);`,
      },
    ],
  },
  {
    id: "openai-js",
    label: "openai",
    snippets: ({ baseUrl, key, openaiModel }) => [
      {
        title: "JavaScript and TypeScript",
        note: "OpenAI’s address has /v1 at its end.",
        code: `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${baseUrl}/v1",
  apiKey: "${key}",
});

const answer = await client.chat.completions.create({
  model: "${openaiModel}",
  messages: [{ role: "user", content: "Say hello." }],
});
console.log(answer.choices[0].message.content);`,
      },
    ],
  },
  {
    id: "anthropic-java",
    label: "anthropic-java",
    snippets: ({ baseUrl, key, anthropicModel }) => [
      {
        title: "Java",
        code: `AnthropicClient client = AnthropicOkHttpClient.builder()
    .baseUrl("${baseUrl}")
    .apiKey("${key}")
    .build();

Message message = client.messages().create(MessageCreateParams.builder()
    .model("${anthropicModel}")
    .maxTokens(256)
    .addUserMessage("Say hello.")
    .build());`,
      },
    ],
  },
  {
    id: "openai-java",
    label: "openai-java",
    snippets: ({ baseUrl, key, openaiModel }) => [
      {
        title: "Java",
        note: "OpenAI’s address has /v1 at its end.",
        code: `OpenAIClient client = OpenAIOkHttpClient.builder()
    .baseUrl("${baseUrl}/v1")
    .apiKey("${key}")
    .build();

ChatCompletion answer = client.chat().completions().create(ChatCompletionCreateParams.builder()
    .model("${openaiModel}")
    .addUserMessage("Say hello.")
    .build());`,
      },
    ],
  },
  {
    id: "curl",
    label: "curl",
    snippets: ({ baseUrl, key, anthropicModel, openaiModel }) => [
      {
        title: "Anthropic Messages",
        code: `curl ${baseUrl}/v1/messages \\
  -H "x-api-key: ${key}" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "content-type: application/json" \\
  -d '{"model": "${anthropicModel}", "max_tokens": 256, "messages": [{"role": "user", "content": "Say hello."}]}'`,
      },
      {
        title: "OpenAI Chat Completions",
        code: `curl ${baseUrl}/v1/chat/completions \\
  -H "authorization: Bearer ${key}" \\
  -H "content-type: application/json" \\
  -d '{"model": "${openaiModel}", "messages": [{"role": "user", "content": "Say hello."}]}'`,
      },
    ],
  },
  {
    id: "address",
    label: "Only an address",
    snippets: ({ baseUrl, key }) => [
      {
        title: "For programs that can set an address but no key",
        note: "The key stands in the path; Bellfounder masks it in its own logs, but other programs’ logs and histories may keep it. Prefer a header where you can.",
        code: `# Anthropic's protocol\n${baseUrl}/ak/${key}\n\n# OpenAI's protocol\n${baseUrl}/ak/${key}/v1`,
      },
    ],
  },
];
