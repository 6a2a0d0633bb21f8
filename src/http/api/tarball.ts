import type { TarballUpload } from '../../catalogue/images/tarball-uploads.ts'

export type BlobSource = TarballUpload['source']
export type TarballSaid = ReturnType<TarballUpload['said']>
