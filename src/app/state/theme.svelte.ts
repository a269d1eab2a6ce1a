export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'theme';
const CHOICES: readonly ThemeChoice[] = ['system', 'light', 'dark'];

/** Light or dark: what the system says until the user says otherwise; the choice is remembered. */
export class Theme {
  #choice = $state<ThemeChoice>(CHOICES.find((choice) => choice === localStorage.getItem(KEY)) ?? 'system');
  #systemIsDark = $state(false);

  constructor() {
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#systemIsDark = query.matches;
    query.addEventListener('change', () => {
      this.#systemIsDark = query.matches;
      this.#show();
    });
    this.#show();
  }

  get choice(): ThemeChoice {
    return this.#choice;
  }

  /** What is on screen; canvas code redraws when it changes. */
  get shown(): 'light' | 'dark' {
    if (this.#choice !== 'system') return this.#choice;
    return this.#systemIsDark ? 'dark' : 'light';
  }

  choose(choice: ThemeChoice): void {
    this.#choice = choice;
    localStorage.setItem(KEY, choice);
    this.#show();
  }

  toggle(): void {
    this.choose(this.shown === 'dark' ? 'light' : 'dark');
  }

  // The attribute is set here, not in an effect, so that it is there before any canvas reads its colours.
  #show(): void {
    document.documentElement.dataset['theme'] = this.shown;
  }
}
