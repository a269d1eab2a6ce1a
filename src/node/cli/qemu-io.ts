import { qemuIo } from '#console';
import { run } from './run.ts';

void run(qemuIo);
