namespace Moiety.Testing.Fuzzing;

/// <summary>Tiny files in llama2.c's three versions, written here from the description of the format.</summary>
public static class Llama2CFiles
{
    private const int Hidden = 8;
    private const int Intermediate = 16;
    private const int Layers = 1;
    private const int Heads = 2;
    private const int KeyValueHeads = 1;
    private const int Vocabulary = 260;
    private const int Context = 16;
    private const int Group = 8;

    /// <summary>A model of a version, 0 to 2, with a head of its own.</summary>
    public static byte[] Model(int version)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        int[] sizes = [Hidden, Intermediate, Layers, Heads, KeyValueHeads, version == 0 ? -Vocabulary : Vocabulary, Context];
        if (version > 0)
        {
            writer.Write(0x616B3432u);
            writer.Write(version);
        }

        foreach (int size in sizes)
        {
            writer.Write(size);
        }

        if (version > 0)
        {
            writer.Write((byte)0);
            writer.Write(Group);
            writer.Write(new byte[256 - (int)stream.Length]);
        }

        int keyValue = Hidden / Heads * KeyValueHeads;
        (int Count, bool Vector)[] norms = [(Layers * Hidden, true), (Layers * Hidden, true), (Hidden, true)];
        (int Count, bool Vector)[] matrices =
        [
            (Vocabulary * Hidden, false), (Layers * Hidden * Hidden, false), (Layers * keyValue * Hidden, false), (Layers * keyValue * Hidden, false),
            (Layers * Hidden * Hidden, false), (Layers * Intermediate * Hidden, false), (Layers * Intermediate * Hidden, false), (Layers * Intermediate * Hidden, false),
            (Vocabulary * Hidden, false),
        ];

        // Version 0 mixes norms and matrices and holds two tables of rotary angles; the sizes are what matters here.
        foreach ((int count, bool vector) in norms.Concat(matrices))
        {
            bool quantized = version == 2 && !vector;
            for (int i = 0; i < count; i++)
            {
                if (quantized)
                {
                    writer.Write((sbyte)(i % 127));
                }
                else
                {
                    writer.Write(i % 13 / 13f);
                }
            }

            for (int i = 0; quantized && i < count / Group; i++)
            {
                writer.Write(0.01f);
            }
        }

        if (version == 0)
        {
            writer.Write(new byte[2 * sizeof(float) * Context * (Hidden / Heads / 2)]);
        }

        return stream.ToArray();
    }
}
