// Calls for a server whose loaded classes are being recorded: the console's first ones, and model calls of each kind, whole
// and streamed, as many as make the JVM compile them. What is answered does not matter. Used by `bell`.
const [gateway, key] = process.argv.slice(2);
const message = { max_tokens: 64, messages: [{ role: 'user', content: 'Hello' }] };

async function ask(path, options) {
  const answer = await fetch(gateway + path, { ...options, signal: AbortSignal.timeout(10_000) });
  await answer.arrayBuffer();
}

function call(path, headers, body) {
  return ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...message, ...body }),
  });
}

await ask('/');
await ask('/api/v1/session');

for (let round = 0; round < 50; round++) {
  for (const stream of [false, true]) {
    await call('/v1/messages', { 'x-api-key': key, 'anthropic-version': '2023-06-01' }, { model: 'claude-sonnet-5', stream });
    await call('/v1/chat/completions', { authorization: `Bearer ${key}` }, { model: 'gpt-5', stream });
  }
}
