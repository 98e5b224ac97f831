// The environment of a program that a test starts: from the test's environment only the path, and the folder
// of Node's compile cache.
import { environment } from '../../platform/config.ts';

/** PATH and NODE_COMPILE_CACHE as far as they are set, and the variables in `more`. */
export function programEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const { NODE_COMPILE_CACHE, PATH } = environment();
  const own = Object.entries({ NODE_COMPILE_CACHE, PATH }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...(Object.fromEntries(own) as Record<string, string>), ...more };
}
