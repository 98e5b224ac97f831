// Sends heartbeats during another wait, so that a slow server does not cost the membership.

/**
 * Calls `heartbeat` every `everyMs` until `work` settles. A heartbeat that fails says that the group
 * rebalances, which whoever sends the next one finds out, too.
 */
export async function keepingAlive<T>(
  heartbeat: () => Promise<void>,
  everyMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const beating = setInterval(() => void heartbeat().catch(() => undefined), everyMs);
  try {
    return await work();
  } finally {
    clearInterval(beating);
  }
}
