/** Jest as always, but for sources that are changed in memory as ASSAY_BREAK says. See scripts/conformance/break.mjs. */
import base from '../../../jest.config.mjs';

const [[pattern, [, swcOptions]]] = Object.entries(base.transform);

/** @type {import('jest').Config} */
export default {
  ...base,
  rootDir: '../../..',
  transform: { [pattern]: ['<rootDir>/test/conformance/break/breaking-transform.mjs', swcOptions] },
  reporters: ['<rootDir>/test/conformance/break/reporter.mjs'],
};
