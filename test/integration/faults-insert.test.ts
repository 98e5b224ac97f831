// Exactly once between the consumer and ClickHouse: replies lost, requests cut, late or refused.
import { controlFaults } from '../chaos/faults/control.ts';
import { engineFaults } from '../chaos/faults/engine.ts';
import { insertFaults } from '../chaos/faults/insert.ts';
import { testFaults } from './faults.ts';

testFaults('an insert in trouble', [...controlFaults, ...insertFaults, ...engineFaults]);
