import { readdirSync } from 'node:fs';
import { RootCommand } from '@bomb.sh/tab';
import { Argument, type Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { sampleTypes } from '@hookproof/testing';
import { builtInProvider, providerNames } from '../providers.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** Adds `completion`, which prints a script for a shell, and the hidden `complete`, which that script calls. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print a script that completes commands in your shell')
    .description('Print a script that completes commands and options of hookproof in your shell.')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  $ source <(hookproof completion bash)                            for this session; add the line to ~/.bashrc to keep it
  $ hookproof completion zsh > "\${fpath[1]}/_hookproof"
  $ hookproof completion fish > ~/.config/fish/completions/hookproof.fish`,
    )
    .action((shell) => {
      if (shell === 'bash') console.log(wordsOfBash);
      completions(program).setup('hookproof', 'hookproof', shell);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action((words) => completions(program, words).parse(words));
}

/** What the script takes from the package bash-completion, for a bash without it: the words up to the cursor. */
const wordsOfBash = `# Where the package bash-completion is loaded, its own function is used.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() {
    local IFS=$' \\t\\n'
    read -ra words <<<"\${COMP_LINE:0:COMP_POINT}"
    [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=('')
    cword=$((\${#words[@]} - 1))
    cur=\${words[cword]}
    prev=\${words[cword > 0 ? cword - 1 : 0]}
  }
fi
`;

/** What can be completed: the commands and options that help shows, and the values of which there is a list. */
function completions(program: Command, words: readonly string[] = []): RootCommand {
  const root = new RootCommand();
  const add = (command: CommandUnknownOpts, path: readonly string[]) => {
    const help = command.createHelp();
    const entry = path.length === 0 ? root : root.command(path.join(' '), command.summary() || command.description());
    for (const option of help.visibleOptions(command)) {
      const name = option.long?.slice(2);
      if (name === undefined) continue;
      const values = option.argChoices ?? (option.flags.endsWith('<path>') ? filesLike(words) : []);
      const takesValue = option.required || option.optional;
      const alias = option.short?.slice(1);
      if (takesValue)
        entry.option(name, option.description, (complete) => values.map((value) => complete(value, '')), alias);
      else entry.option(name, option.description, alias);
    }
    for (const argument of command.registeredArguments) {
      const values = argument.argChoices ?? valuesOf(argument.name(), words);
      entry.argument(argument.name(), (complete) => values.map((value) => complete(value, '')), argument.variadic);
    }
    for (const below of help.visibleCommands(command)) {
      if (below.name() !== 'help') add(below, [...path, below.name()]);
    }
  };
  add(program, []);
  return root;
}

function valuesOf(argument: string, words: readonly string[]): readonly string[] {
  if (argument === 'provider') return [...providerNames, ...filesLike(words, /^\.{0,2}\//)];
  if (argument === 'file' || argument === 'store') return filesLike(words);
  const sending = argument === 'type' ? builtInProvider(words[1] ?? '') : undefined;
  return sending === undefined ? [] : sampleTypes(sending);
}

/** Files whose path begins with the last word; the shell completes none beside what is listed here. */
function filesLike(words: readonly string[], only = /^/): readonly string[] {
  const word = words.at(-1) ?? '';
  if (!only.test(word)) return [];
  const folder = word.slice(0, word.lastIndexOf('/') + 1);
  const isHidden = (name: string) => name.startsWith('.') && !word.slice(folder.length).startsWith('.');
  try {
    const entries = readdirSync(folder === '' ? '.' : folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !isHidden(name))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
  } catch {
    return [];
  }
}
