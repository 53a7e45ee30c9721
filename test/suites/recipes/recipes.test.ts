import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../rules/workspace.ts';

const pages: Readonly<Record<string, string>> = {
  'aws-lambda.ts': 'docs/recipes/aws-lambda.md',
  'aws-lambda-hono.ts': 'docs/recipes/aws-lambda.md',
  'google-cloud-functions.ts': 'docs/recipes/google-cloud-functions.md',
  'h3.ts': 'docs/recipes/h3.md',
  'koa.ts': 'docs/recipes/koa.md',
  'pino.ts': 'docs/observability.md',
  'vercel.ts': 'docs/recipes/vercel.md',
};

/** What the wild campaign runs of a page, because it needs what is not installed here. */
const wild: Readonly<Record<string, string>> = {
  'jest.config.mjs': 'docs/recipes/jest.md',
  'babel.config.json': 'docs/recipes/jest.md',
  'ts-jest.config.mjs': 'docs/recipes/jest.md',
};

// What is tested here is what is printed there, letter for letter.
it.each(Object.entries(pages))('%s is in %s', (file, page) => {
  const code = readFileSync(join(root, 'test', 'suites', 'recipes', file), 'utf8');
  expect(readFileSync(join(root, page), 'utf8')).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
});

it.each(Object.entries(wild))('%s is in %s', (file, page) => {
  const code = readFileSync(join(root, 'test', 'campaigns', 'wild', 'apps', 'tests', file), 'utf8');
  const mark = file.endsWith('.json') ? 'json' : 'js';
  expect(readFileSync(join(root, page), 'utf8')).toContain(`\`\`\`${mark}\n${code}\`\`\`\n`);
});

it('every recipe is on a page', () => {
  const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith('.test.ts'));
  expect(Object.keys(pages).sort()).toEqual(files.sort());
});
