using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>Unicode normalization, <c>NFC</c>, <c>NFD</c>, <c>NFKC</c> and <c>NFKD</c> (UAX 15). Takes n log n time at worst.</summary>
public sealed class UnicodeNormalizer(UnicodeForm form) : Normalizer
{
    private readonly bool _compatibility = form is UnicodeForm.Nfkc or UnicodeForm.Nfkd;
    private readonly bool _composes = form is UnicodeForm.Nfc or UnicodeForm.Nfkc;

    /// <summary>Which form.</summary>
    public UnicodeForm Form => form;

    /// <summary>The form as files write it, e.g. <c>NFC</c>.</summary>
    public string Name => Form.ToString().ToUpperInvariant();

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer) => writer.WriteString("type", Name);

    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        // What was not written yet: a character that begins (a starter, combining class 0) and the marks after it.
        List<int> pending = [];
        List<int> parts = [];
        while (!text.IsEmpty)
        {
            int special = text.IndexOfAnyInRange((byte)0x80, (byte)0xFF);
            int plain = special < 0 ? text.Length : special;
            if (plain > 1)
            {
                // Only the last of them can have something to do with what follows.
                Flush(pending, ref output);
                output.Add(text[..(plain - 1)]);
                text = text[(plain - 1)..];
            }

            if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done)
            {
                Flush(pending, ref output);
                output.Add(text[..length]);
                text = text[length..];
                continue;
            }

            text = text[length..];
            parts.Clear();
            UnicodeData.Decompose(rune.Value, _compatibility, parts);
            foreach (int part in parts)
            {
                if (UnicodeData.CombiningClass(part) == 0)
                {
                    Begin(part, pending, ref output);
                }
                else
                {
                    pending.Add(part);
                }
            }
        }

        Flush(pending, ref output);
    }

    // A starter composes with the one before it only when nothing is left between them.
    private void Begin(int starter, List<int> pending, ref ByteBuffer output)
    {
        if (_composes && pending.Count > 0)
        {
            Order(pending);
            Compose(pending);
            if (pending.Count == 1 && UnicodeData.Compose(pending[0], starter) is >= 0 and int composed)
            {
                pending[0] = composed;
                return;
            }

            Write(pending, ref output);
        }
        else
        {
            Flush(pending, ref output);
        }

        pending.Add(starter);
    }

    private void Flush(List<int> pending, ref ByteBuffer output)
    {
        Order(pending);
        if (_composes)
        {
            Compose(pending);
        }

        Write(pending, ref output);
    }

    private static void Write(List<int> pending, ref ByteBuffer output)
    {
        foreach (int codePoint in pending)
        {
            output.Add(new Rune(codePoint));
        }

        pending.Clear();
    }

    // Stable by combining class (the canonical ordering algorithm).
    private static void Order(List<int> pending)
    {
        bool ordered = true;
        for (int i = 1; i < pending.Count && ordered; i++)
        {
            ordered = UnicodeData.CombiningClass(pending[i - 1]) <= UnicodeData.CombiningClass(pending[i]);
        }

        if (ordered)
        {
            return;
        }

        (long Key, int CodePoint)[] keyed = [.. pending.Select((codePoint, i) => (((long)UnicodeData.CombiningClass(codePoint) << 32) | (uint)i, codePoint))];
        Array.Sort(keyed);
        pending.Clear();
        pending.AddRange(keyed.Select(entry => entry.CodePoint));
    }

    // A mark composes with the starter unless one of its own class, which did not compose, stands between them.
    private static void Compose(List<int> pending)
    {
        if (pending.Count < 2 || UnicodeData.CombiningClass(pending[0]) != 0)
        {
            return;
        }

        int kept = 1;
        int blocked = 0;
        for (int i = 1; i < pending.Count; i++)
        {
            int combining = UnicodeData.CombiningClass(pending[i]);
            if (combining > blocked && UnicodeData.Compose(pending[0], pending[i]) is >= 0 and int composed)
            {
                pending[0] = composed;
                continue;
            }

            blocked = combining;
            pending[kept++] = pending[i];
        }

        pending.RemoveRange(kept, pending.Count - kept);
    }
}
