// The images the containers backend runs: the very tags that docker-compose.yml pins.

/**
 * The full image name of `repository` in a compose file, with `${TAG:-default}` read as its default.
 * @throws {Error} when the file names no such image.
 */
export function imageOf(composeText: string, repository: string): string {
  for (const [, written = ''] of composeText.matchAll(/^\s*image:\s*["']?([^\s"'#]+)/gm)) {
    const image = written.replace(/\$\{\w+:?-([^}]*)\}/g, '$1');
    if (image.startsWith(`${repository}:`)) return image;
  }
  throw new Error(`docker-compose.yml names no image ${repository}:…`);
}
