using System.Buffers.Binary;
using System.Text;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>What llama2.c does with its <c>tokenizer.bin</c>, told as plainly as possible: slow, and all in byte strings.</summary>
internal sealed class Llama2CReference
{
    private readonly List<string> _pieces = [];
    private readonly List<float> _scores = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    // Bytes are kept as Latin-1 text, one character per byte.
    public Llama2CReference(byte[] file)
    {
        for (int at = 4; at < file.Length;)
        {
            _scores.Add(BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(at)));
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4));
            _pieces.Add(Encoding.Latin1.GetString(file, at + 8, length));
            _ids.TryAdd(_pieces[^1], _pieces.Count - 1);
            at += 8 + length;
        }
    }

    public List<int> Encode(byte[] text)
    {
        List<int> ids = [1];
        if (text.Length > 0)
        {
            ids.Add(_ids[" "]);
        }

        string rest = Encoding.Latin1.GetString(text);
        for (int start = 0; start < rest.Length;)
        {
            int end = start + 1;
            while (end < rest.Length && end - start < 4 && (rest[end] & 0xC0) == 0x80)
            {
                end++;
            }

            string character = rest[start..end];
            ids.AddRange(_ids.TryGetValue(character, out int id) ? [id] : character.Select(value => value + 3));
            start = end;
        }

        while (true)
        {
            int best = -1;
            int bestId = -1;
            float bestScore = -1e10f;
            for (int i = 0; i + 1 < ids.Count; i++)
            {
                if (_ids.TryGetValue(_pieces[ids[i]] + _pieces[ids[i + 1]], out int merged) && _scores[merged] > bestScore)
                {
                    (best, bestId, bestScore) = (i, merged, _scores[merged]);
                }
            }

            if (best < 0)
            {
                return ids;
            }

            ids[best] = bestId;
            ids.RemoveAt(best + 1);
        }
    }

    public byte[] Decode(IReadOnlyList<int> ids)
    {
        StringBuilder text = new();
        for (int i = 1; i < ids.Count; i++)
        {
            string piece = _pieces[ids[i]];
            piece = ids[i - 1] == 1 && piece.StartsWith(' ') ? piece[1..] : piece;
            bool isByte = piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal);
            text.Append(isByte ? ((char)Convert.ToByte(piece[3..5], 16)).ToString() : piece);
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }
}
