import { describe, expect, it, jest } from '@jest/globals';
import { SetupError } from '../src/setup-error.js';

describe('SetupError', () => {
  const problem = { option: 'issuer', problem: 'no issuer is configured', remedy: 'Give one.' };

  it('names the option and the remedy', () => {
    const cause = new Error('the original');
    const error = new SetupError(problem, cause);
    expect(error.message).toBe('issuer: no issuer is configured. Give one.');
    expect(error).toMatchObject({ name: 'SetupError', option: 'issuer', remedy: 'Give one.', cause });
  });

  it('is recognised across a second copy of the module', async () => {
    jest.resetModules();
    const other = await import('../src/setup-error.js');
    expect(other.SetupError).not.toBe(SetupError);
    expect(new other.SetupError(problem)).toBeInstanceOf(SetupError);
    expect(new SetupError(problem)).toBeInstanceOf(other.SetupError);
  });

  it('is told apart from its subclasses', () => {
    class NarrowError extends SetupError {}
    expect(new SetupError(problem)).not.toBeInstanceOf(NarrowError);
    expect(new NarrowError(problem)).toBeInstanceOf(SetupError);
  });

  it.each([[new Error('x')], [problem], [null], [undefined], ['x']])('is not %p', (value) => {
    expect(value).not.toBeInstanceOf(SetupError);
  });
});
