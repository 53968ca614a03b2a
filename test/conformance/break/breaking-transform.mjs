/** Compiles as the other transform does, after applying the edits of the current break to the text. Nothing on disk changes. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import swc from '@swc/jest';
import { applyEdits } from './edits.mjs';

const edits = JSON.parse(process.env.ASSAY_BREAK ?? '[]');

export default {
  createTransformer(options) {
    const { process: compile, processAsync, getCacheKey } = swc.createTransformer(options);
    return {
      canInstrument: false,
      process: (text, path, settings) => compile(broken(text, path, settings), path, settings),
      processAsync: (text, path, settings) => processAsync(broken(text, path, settings), path, settings),
      getCacheKey(text, path, settings) {
        const key = getCacheKey(text, path, settings);
        const concerned = editsOf(path, settings);
        if (concerned.length === 0) return key;
        return createHash('sha256').update(key).update(JSON.stringify(concerned)).digest('hex');
      },
    };
  },
};

function broken(text, path, settings) {
  return applyEdits(text, editsOf(path, settings));
}

function editsOf(path, { config: { rootDir } }) {
  const file = relative(rootDir, path);
  return edits.filter((edit) => edit.file === file);
}
