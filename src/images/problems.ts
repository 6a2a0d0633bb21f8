import type { ImageLimits } from './limits.ts'

/** What can be wrong with an archive, as codes for programs. */
export type ProblemCode =
  | 'empty'
  | 'not_a_tar'
  | 'truncated'
  | 'tar_invalid'
  | 'tar_extension_invalid'
  | 'tar_extension_too_large'
  | 'name_too_long'
  | 'path_traversal'
  | 'link_outside'
  | 'sparse_file'
  | 'member_type_unknown'
  | 'data_after_end'
  | 'compressed_data_corrupt'
  | 'compression_unsupported'
  | 'compressed_twice'
  | 'unpacks_too_large'
  | 'zstd_window_too_large'
  | 'too_many_members'
  | 'too_many_files'
  | 'too_much_work'
  | 'too_many_images'
  | 'too_many_layers'
  | 'member_ambiguous'
  | 'manifest_absent'
  | 'manifest_invalid'
  | 'index_too_deep'
  | 'image_absent'
  | 'images_ambiguous'
  | 'config_absent'
  | 'config_invalid'
  | 'json_invalid'
  | 'json_too_large'
  | 'json_too_deep'
  | 'json_ambiguous'
  | 'layer_absent'
  | 'layer_not_tar'
  | 'layers_disagree'
  | 'digest_mismatch'
  | 'diff_id_mismatch'
  | 'size_mismatch'
  | 'digest_unsupported'
  | 'architecture_invalid'
  | 'architecture_unclaimed'
  | 'entrypoint_missing'

export interface Problem {
  code: ProblemCode
  message: string
  /** Whether it makes the image or archive unreadable, so that nothing is proven about it. */
  fatal: boolean
}

export const fatal = (code: ProblemCode, message: string): Problem => ({ code, message, fatal: true })

export type ProblemList = ReturnType<typeof createProblemList>

export function createProblemList({ problems, problemsOfOneCode, textLength }: ImageLimits) {
  const listed: Problem[] = []
  const seen = new Map<ProblemCode, number>()
  let omitted = 0
  let fatal = false
  return {
    add(problem: Problem): void {
      const count = (seen.get(problem.code) ?? 0) + 1
      seen.set(problem.code, count)
      // the first fatal problem explains the verdict, so it is always listed
      const needed = problem.fatal && !fatal
      fatal ||= problem.fatal
      if (listed.some(({ message }) => message === problem.message)) return
      if (!needed && (count > problemsOfOneCode || listed.length >= problems)) omitted++
      else listed.push({ ...problem, message: problem.message.slice(0, textLength) })
    },
    listed: listed as readonly Problem[],
    /** How many were left out, so that a flood of one kind neither hides the others nor fills the report. */
    get omitted() {
      return omitted
    },
    get fatal() {
      return fatal
    }
  }
}

/** Quotes a name from an archive for a message, with control characters escaped and its length limited. */
export const quoted = (name: string) => (name.length > 200 ? `${JSON.stringify(name.slice(0, 200))}…` : JSON.stringify(name))
