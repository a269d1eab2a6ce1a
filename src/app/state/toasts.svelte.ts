export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

export interface Toast {
  readonly id: number;
  readonly tone: 'info' | 'error';
  readonly message: string;
  readonly action: ToastAction | null;
}

const INFO_MS = 6000;
const WITH_ACTION_MS = 12_000;

/** Short messages at the edge. Errors stay until they are dismissed. */
export class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #lastId = 0;

  info(message: string, action: ToastAction | null = null): void {
    const id = this.#add('info', message, action);
    setTimeout(() => this.dismiss(id), action === null ? INFO_MS : WITH_ACTION_MS);
  }

  error(message: string, action: ToastAction | null = null): void {
    // Several parts of a view may fail for the same reason.
    if (this.list.some((toast) => toast.tone === 'error' && toast.message === message)) return;
    this.#add('error', message, action);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(tone: Toast['tone'], message: string, action: ToastAction | null): number {
    const id = ++this.#lastId;
    this.list = [...this.list, { id, tone, message, action }];
    return id;
  }
}
