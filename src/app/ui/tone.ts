/** What a colour means; an icon and the words say it too. */
export type Tone = 'neutral' | 'sound' | 'leak' | 'repair' | 'violation';
