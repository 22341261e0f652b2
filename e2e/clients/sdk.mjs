// Drives one real SDK by commands, one JSON object a line on standard input; answers each with one line on standard
// output. What it answers is what a program that uses the SDK would see: text, tool calls, token counts, or the error.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const weather = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
};

const append = {
  type: 'object',
  properties: { path: { type: 'string' }, text: { type: 'string' } },
  required: ['path', 'text'],
};

/** What the program does when the model calls its tool. */
const appended = ({ path, text }) => {
  appendFileSync(path, text);
  return 'appended';
};

/** How an SDK's error looks to its caller; `kind` is the class, because programs catch classes. */
const failure = (e) => ({
  error: {
    kind: e?.constructor?.name ?? 'unknown',
    status: e?.status ?? null,
    type: e?.error?.error?.type ?? e?.type ?? null,
    message: String(e?.message ?? e),
    retryAfter: e?.headers?.get?.('retry-after') ?? null,
    requestId: e?.requestID ?? e?.request_id ?? null,
  },
});

function anthropic({ baseUrl, key, retries }) {
  const client = new Anthropic({ baseURL: baseUrl, apiKey: key, maxRetries: retries });
  const body = (c) => ({
    model: c.model,
    max_tokens: 1024,
    ...(c.extra ?? {}),
    messages: [{ role: 'user', content: c.prompt }],
  });
  const tools = [{ name: 'weather', description: 'The weather of a city.', input_schema: weather }];
  const seen = (m) => ({
    text: m.content.filter((b) => b.type === 'text').map((b) => b.text).join(''),
    tools: m.content.filter((b) => b.type === 'tool_use').map((b) => ({ name: b.name, input: b.input })),
    stop: m.stop_reason,
    input: m.usage.input_tokens,
    output: m.usage.output_tokens,
  });
  return {
    plain: async (c) => seen(await client.messages.create(body(c))),
    stream: async (c) => seen(await client.messages.stream(body(c)).finalMessage()),
    tools: async (c) => seen(await client.messages.stream({ ...body(c), tools }).finalMessage()),
    turn: async (c) => {
      const asked = { ...body(c), tools: [{ name: 'append', description: 'Appends to a file.', input_schema: append }] };
      const called = await client.messages.stream(asked).finalMessage();
      const content = called.content
        .filter((b) => b.type === 'tool_use')
        .map((b) => ({ type: 'tool_result', tool_use_id: b.id, content: appended(b.input) }));
      const messages = [...asked.messages, { role: 'assistant', content: called.content }, { role: 'user', content }];
      return seen(await client.messages.stream({ ...asked, messages }).finalMessage());
    },
    abort: async (c) => {
      const stream = await client.messages.create({ ...body(c), stream: true });
      let events = 0;
      for await (const _ of stream) if (++events === c.after) break; // leaving the loop aborts the request
      return { events };
    },
    count: async (c) => {
      const { model, messages } = body(c);
      return { input: (await client.messages.countTokens({ model, messages })).input_tokens };
    },
    models: async () => {
      const ids = [];
      for await (const model of client.models.list({ limit: 1000 })) ids.push(model.id);
      return { ids };
    },
  };
}

function openai({ baseUrl, key, retries }) {
  const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: key, maxRetries: retries });
  const body = (c) => ({
    model: c.model,
    ...(c.extra ?? {}),
    messages: [{ role: 'user', content: c.prompt }],
  });
  const tools = [
    { type: 'function', function: { name: 'weather', description: 'The weather of a city.', parameters: weather } },
  ];
  const seen = (r) => ({
    text: r.choices[0].message.content ?? '',
    tools: (r.choices[0].message.tool_calls ?? []).map((t) => ({
      name: t.function.name,
      input: JSON.parse(t.function.arguments),
    })),
    stop: r.choices[0].finish_reason,
    input: r.usage?.prompt_tokens ?? null,
    output: r.usage?.completion_tokens ?? null,
  });
  return {
    plain: async (c) => seen(await client.chat.completions.create(body(c))),
    stream: async (c) => seen(await client.chat.completions.stream(body(c)).finalChatCompletion()),
    tools: async (c) => seen(await client.chat.completions.stream({ ...body(c), tools }).finalChatCompletion()),
    turn: async (c) => {
      const asked = {
        ...body(c),
        tools: [{ type: 'function', function: { name: 'append', description: 'Appends to a file.', parameters: append } }],
      };
      const called = (await client.chat.completions.stream(asked).finalChatCompletion()).choices[0].message;
      const results = called.tool_calls.map((t) => ({
        role: 'tool',
        tool_call_id: t.id,
        content: appended(JSON.parse(t.function.arguments)),
      }));
      const messages = [...asked.messages, called, ...results];
      return seen(await client.chat.completions.stream({ ...asked, messages }).finalChatCompletion());
    },
    abort: async (c) => {
      const stream = await client.chat.completions.create({ ...body(c), stream: true });
      let events = 0;
      for await (const _ of stream) if (++events === c.after) break; // leaving the loop aborts the request
      return { events };
    },
    models: async () => {
      const ids = [];
      for await (const model of client.models.list()) ids.push(model.id);
      return { ids };
    },
    embeddings: async (c) => {
      const r = await client.embeddings.create({ model: c.model, input: c.prompt });
      return { dimensions: r.data[0].embedding.length, first: r.data[0].embedding[0], input: r.usage.prompt_tokens };
    },
  };
}

const sdk = { anthropic, openai }[process.argv[2]];
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = await sdk(command)[command.scenario](command);
  } catch (e) {
    answer = failure(e);
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
