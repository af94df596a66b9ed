using Moiety.Cli.Shell;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Spectre.Console;

namespace Moiety.Cli.Displays;

/// <summary>
/// What the files of a model that Moiety cannot run say of themselves: a user wants to know what was downloaded even then.
/// </summary>
/// <param name="Family">What the files call their architecture.</param>
/// <param name="Tensors">Their tensors.</param>
internal sealed record ContainerFacts(string Family, IReadOnlyList<StoredTensor> Tensors)
{
    /// <summary>Reads the headers of a GGUF file or of a Hugging Face folder; null where not even they can be read.</summary>
    public static ContainerFacts? TryRead(string path)
    {
        try
        {
            return Directory.Exists(path) ? OfFolder(path) : OfGguf(path);
        }
        catch (InvalidInputException)
        {
            // The reader of the whole model has said already what is wrong.
            return null;
        }
    }

    /// <summary>Prints them.</summary>
    public void Write(Terminal terminal)
    {
        terminal.Out.WriteLine($"family        {Family}");
        terminal.Out.WriteLine($"parameters    {Tensors.Sum(Elements):#,0} in {Tensors.Count:#,0} tensors");
        terminal.Out.WriteLine();
        Table table = Tables.Create(terminal, "format", "#tensors", "#parameters", "#bytes");
        foreach (IGrouping<string, StoredTensor> format in Tensors.GroupBy(tensor => tensor.Type.Name).OrderByDescending(group => group.Sum(tensor => tensor.ByteLength)))
        {
            Tables.AddRow(table, format.Key, $"{format.Count():#,0}", $"{format.Sum(Elements):#,0}", Format.Bytes(format.Sum(tensor => tensor.ByteLength)));
        }

        terminal.Results.Write(table);
    }

    private static ContainerFacts OfGguf(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return new ContainerFacts(file.Metadata.Text("general.architecture") ?? "not stated", [.. file.Tensors.Values]);
    }

    private static ContainerFacts? OfFolder(string path)
    {
        List<StoredTensor> tensors = [];
        foreach (string name in Directory.EnumerateFiles(path, "*.safetensors"))
        {
            using SafetensorsFile file = SafetensorsFile.Open(name);
            tensors.AddRange(file.Tensors.Values);
        }

        return tensors.Count == 0 ? null : new ContainerFacts(HuggingFaceModelType.Read(path), tensors);
    }

    private static long Elements(StoredTensor tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);
}
