// Texts and names as ClickHouse reads them within a statement: the one writer of SQL literals.

/** A text as a string literal. */
export function quoted(text: string): string {
  return `'${escaped(text)}'`;
}

/** The name of a database, a table or a column, whatever characters it has. */
export function quotedName(name: string): string {
  return `\`${escaped(name).replaceAll('`', '\\`')}\``;
}

function escaped(text: string): string {
  return text.replace(/[\\']/g, '\\$&').replaceAll('\0', '\\0');
}
