import { qcow2Py } from '#console';
import { run } from './run.ts';

void run(qcow2Py);
