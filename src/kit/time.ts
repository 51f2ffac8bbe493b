/** The present moment as a function, so that tests and rules can be given another one. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();
