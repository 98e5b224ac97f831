// Whether a fetched batch continues a partition: the same question for everybody who seeks.

export {
  continuity,
  type Continuity,
  type Fetched,
  type Standing,
} from '../platform/kafka/continuity.ts';
