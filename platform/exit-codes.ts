// The exit codes that all programs share. A program may give 1 a narrower meaning; its help says so.

export const EXIT_CODES = {
  done: 0,
  /** The program did its work and the answer is no, or an error that nobody expected. */
  failed: 1,
  /** A person has to change something: a setting, an argument, a file, a right. */
  refused: 2,
  /** Kafka or ClickHouse is away: start it and run the same command again. */
  away: 3,
  /** A second Ctrl+C, or Ctrl+C before a program that ends by itself was done. */
  interrupted: 130,
} as const;
