using System.Runtime.InteropServices;
using System.Text;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>The tokenizer metadata of a trusted GGUF file without tensors: the shortest reader that does.</summary>
internal sealed class VocabularyFile
{
    private readonly byte[] _bytes;
    private readonly Dictionary<string, object> _values = [];
    private int _at = 4;

    private VocabularyFile(byte[] bytes)
    {
        _bytes = bytes;
        Read<uint>();
        Read<ulong>();
        for (ulong left = Read<ulong>(); left > 0; left--)
        {
            string key = ReadText();
            _values[key] = ReadValue(Read<uint>());
        }
    }

    public static GgufTokenizerData Load(string name)
    {
        VocabularyFile file = new(File.ReadAllBytes(SharedData.Require($"llamacpp-vocab/ggml-vocab-{name}.gguf")));
        return new GgufTokenizerData
        {
            Model = (string)file._values["tokenizer.ggml.model"],
            Pre = file.Find("pre") as string,
            Tokens = [.. ((object[])file._values["tokenizer.ggml.tokens"]).Cast<string>()],
            Scores = [.. (file.Find("scores") as object[] ?? []).Cast<float>()],
            TokenTypes = [.. (file.Find("token_type") as object[] ?? []).Select(Convert.ToInt32)],
            Merges = [.. (file.Find("merges") as object[] ?? []).Cast<string>()],
            BosTokenId = (int?)(file.Find("bos_token_id") as uint?),
            EosTokenId = (int?)(file.Find("eos_token_id") as uint?),
            UnknownTokenId = (int?)(file.Find("unknown_token_id") as uint?),
            AddBosToken = file.Find("add_bos_token") as bool?,
            AddEosToken = file.Find("add_eos_token") as bool?,
            AddSpacePrefix = file.Find("add_space_prefix") as bool?,
        };
    }

    private object? Find(string key) => _values.GetValueOrDefault($"tokenizer.ggml.{key}");

    private object ReadValue(uint type) => type switch
    {
        4 => Read<uint>(),
        5 => Read<int>(),
        6 => Read<float>(),
        7 => Read<byte>() != 0,
        8 => ReadText(),
        9 => ReadArray(),
        _ => throw new NotSupportedException($"type {type}"),
    };

    private object[] ReadArray()
    {
        uint type = Read<uint>();
        object[] items = new object[Read<ulong>()];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = ReadValue(type);
        }

        return items;
    }

    private string ReadText()
    {
        int length = (int)Read<ulong>();
        _at += length;
        return Encoding.UTF8.GetString(_bytes, _at - length, length);
    }

    private T Read<T>() where T : unmanaged
    {
        T value = MemoryMarshal.Read<T>(_bytes.AsSpan(_at));
        _at += Marshal.SizeOf<T>();
        return value;
    }
}
