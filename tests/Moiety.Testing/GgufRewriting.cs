using Moiety.Models.Checkpoints;

namespace Moiety.Testing;

/// <summary>Copies a GGUF file with other pairs and tensors, as programs of another age would have written it.</summary>
public static class GgufRewriting
{
    /// <summary>Writes the copy.</summary>
    /// <param name="source">The file.</param>
    /// <param name="target">The copy.</param>
    /// <param name="change">Changes the pairs.</param>
    /// <param name="replace">The tensors that take the place of one.</param>
    public static void Copy(
        string source, string target, Action<GgufMetadata> change, Func<TensorDeclaration, byte[], IEnumerable<(TensorDeclaration Tensor, byte[] Bytes)>> replace)
    {
        byte[] bytes = File.ReadAllBytes(source);
        using GgufFile file = GgufFile.Open(source);
        GgufMetadata metadata = new(target);
        foreach (string key in file.Metadata.Keys)
        {
            metadata.Set(key, file.Metadata.Find(key));
        }

        change(metadata);
        (TensorDeclaration Tensor, byte[] Bytes)[] tensors = [.. file.Tensors.Values.OrderBy(tensor => tensor.Offset).SelectMany(tensor =>
            replace(new TensorDeclaration(tensor.Name, tensor.Format!, tensor.Shape), bytes[(int)tensor.Offset..(int)(tensor.Offset + tensor.ByteLength)]))];
        using FileStream stream = File.Create(target);
        GgufFileWriter writer = new(stream, metadata, tensors.Select(tensor => tensor.Tensor));
        foreach ((TensorDeclaration tensor, byte[] content) in tensors)
        {
            writer.Write(tensor, content);
        }

        writer.Complete();
    }
}
