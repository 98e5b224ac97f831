// Follows the server's stream of events and connects again when it breaks off, more and more slowly. If the
// server answers with a text instead of a stream, it passes the text on unchanged.
import type { Events } from '../model/protocol.ts';

export interface Listener {
  event<K extends keyof Events>(name: K, data: Events[K]): void;
  /** Undefined: connected. `final`: it will not be tried again. */
  status(trouble: string | undefined, final: boolean): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Follows until `signal`. */
export async function follow(
  address: string,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    let trouble = 'The server of this page does not answer. Trying again.';
    try {
      const response = await fetch(address, { signal, headers: { accept: 'text/event-stream' } });
      if (response.ok && response.body !== null) {
        listener.status(undefined, false);
        pauseMs = FIRST_PAUSE_MS;
        await read(response.body, listener);
      } else {
        trouble = (await response.text()).trim();
        const final = response.status >= 400 && response.status < 500;
        if (final) {
          listener.status(trouble, final);
          return;
        }
      }
    } catch {
      // Away, or it broke off: told below.
    }
    if (isOver(signal)) return;
    listener.status(trouble, false);
    await pause(pauseMs, signal);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function read(body: ReadableStream<Uint8Array>, listener: Listener): Promise<void> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop()!;
    for (const each of events) tell(each, listener);
  }
}

function tell(event: string, listener: Listener): void {
  const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(event) ?? [];
  if (name === undefined || data === undefined) return;
  listener.event(name as keyof Events, JSON.parse(data) as Events[keyof Events]);
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
