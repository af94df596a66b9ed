using Moiety.Models.Checkpoints;

namespace Moiety.Testing;

/// <summary>Splits a GGUF file as llama.cpp's <c>llama-gguf-split</c> does: the pairs in the first file, the tensors in turn over all.</summary>
public static class GgufShardFiles
{
    /// <summary>Writes the files.</summary>
    /// <param name="path">The whole file.</param>
    /// <param name="name">Path of the files without <c>-00001-of-00003.gguf</c>.</param>
    /// <param name="count">Number of files.</param>
    /// <param name="announcedTensors">A false number of tensors, or null for the true one.</param>
    /// <param name="repeated">A tensor that every file gets, or null.</param>
    public static void Split(string path, string name, int count, int? announcedTensors = null, string? repeated = null)
    {
        byte[] bytes = File.ReadAllBytes(path);
        using GgufFile whole = GgufFile.Open(path);
        StoredTensor[] tensors = [.. whole.Tensors.Values.OrderBy(tensor => tensor.Offset)];
        for (int shard = 0; shard < count; shard++)
        {
            string file = $"{name}-{shard + 1:D5}-of-{count:D5}.gguf";
            GgufMetadata metadata = new(file);
            foreach (string key in shard == 0 ? whole.Metadata.Keys : [])
            {
                metadata.Set(key, whole.Metadata.Find(key));
            }

            metadata.Set("split.no", GgufValue.Of((ushort)shard));
            metadata.Set("split.count", GgufValue.Of((ushort)count));
            metadata.Set("split.tensors.count", GgufValue.Of(announcedTensors ?? tensors.Length + (repeated is null ? 0 : count - 1)));
            StoredTensor[] part = [.. tensors.Where((tensor, index) => index * count / tensors.Length == shard || tensor.Name == repeated)];
            TensorDeclaration[] declarations = [.. part.Select(tensor => new TensorDeclaration(tensor.Name, tensor.Format!, tensor.Shape))];
            using FileStream stream = File.Create(file);
            GgufFileWriter writer = new(stream, metadata, declarations);
            foreach ((TensorDeclaration declaration, StoredTensor tensor) in declarations.Zip(part))
            {
                writer.Write(declaration, bytes.AsSpan((int)tensor.Offset, (int)tensor.ByteLength));
            }

            writer.Complete();
        }
    }
}
