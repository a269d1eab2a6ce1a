import { qemuImg } from '#console';
import { run } from './run.ts';

void run(qemuImg);
