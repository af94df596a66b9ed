using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>llama.cpp's vocabulary files: GGUF without tensors.</summary>
internal static class VocabularyFile
{
    public static GgufTokenizerData Load(string name)
    {
        using GgufFile file = GgufFile.Open(SharedData.Require($"llamacpp-vocab/ggml-vocab-{name}.gguf"));
        return GgufTokenizerMetadata.Read(file.Metadata)!;
    }
}
