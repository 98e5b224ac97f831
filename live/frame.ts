// Turns an answer of ClickHouse into the columns a browser draws: times as milliseconds, numbers as numbers
// whatever their width, everything else as text. Pure.
import type { ReadTable } from '../platform/clickhouse/reader.ts';
import type { Cell, ColumnKind, Frame } from './model/protocol.ts';

const TIME = /^DateTime(64\(\d+(, *'[^']*')?\)|\('[^']*'\))?$|^Date(32)?$/;
const ELSEWHERE = /'(?!UTC'|Etc\/UTC')[^']+'/;
const NUMBER = /^(U?Int\d+|Float\d+|BFloat16|Decimal\d*\(.*\))$/;

/** The kind of a ClickHouse type, without Nullable and LowCardinality. */
export function kindOf(type: string): ColumnKind {
  const inner = /^(?:Nullable|LowCardinality)\((.*)\)$/s.exec(type)?.[1];
  if (inner !== undefined) return kindOf(inner);
  if (TIME.test(type) && !ELSEWHERE.test(type)) return 'time';
  return NUMBER.test(type) ? 'number' : 'text';
}

/** The answer as columns. */
export function toFrame(refId: string, { columns, rows }: ReadTable): Frame {
  return {
    refId,
    columns: columns.map(({ name, type }, at) => {
      const kind = kindOf(type);
      return { name, kind, values: rows.map((row) => toCell(row[at], kind)) };
    }),
  };
}

function toCell(value: unknown, kind: ColumnKind): Cell {
  if (value === null || value === undefined) return null;
  if (kind === 'time') return typeof value === 'string' ? timeMs(value) : null;
  // 64-bit integers come as text from some servers; NaN and infinity as null or as text.
  if (kind === 'number') return Number.isFinite(Number(value)) ? Number(value) : null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}

/** ClickHouse writes `2020-07-12 00:01:34.385`, in UTC because every session is. */
function timeMs(text: string): number | null {
  const ms = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? null : ms;
}
