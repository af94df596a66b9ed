using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using System.Text;

namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>
/// Reads a pickle without running anything: a machine with a stack whose only calls are the rebuilding of tensors, which it does
/// itself. A pickle that names anything else is refused with the name. Nothing recurses, and every opcode costs at most one small
/// object, so that a hostile pickle can neither overflow the stack nor the memory.
/// See https://github.com/python/cpython/blob/main/Lib/pickletools.py.
/// </summary>
internal sealed class PickleReader
{
    private const int MaxObjects = 1 << 22;
    private const int MaxIntegerBytes = 16;
    private const int MaxShownCharacters = 100;
    private static readonly object Mark = new();
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly MappedFile _file;
    private readonly Func<string, PickleGlobal?> _findGlobal;
    private readonly Func<PickleGlobal, string, long, PickleStorage> _findStorage;
    private readonly long _end;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _objects;

    private PickleReader(MappedFile file, long start, long length, Func<string, PickleGlobal?> findGlobal, Func<PickleGlobal, string, long, PickleStorage> findStorage)
    {
        _findGlobal = findGlobal;
        _file = file;
        _findStorage = findStorage;
        Position = start;
        _end = start + length;
    }

    private long Position { get; set; }

    /// <summary>Reads the pickle at a place of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">First byte of the pickle.</param>
    /// <param name="length">Bytes that it may at most have.</param>
    /// <param name="findGlobal">What a name stands for, or null when the pickle may not name it: see <see cref="PickleGlobal.Find"/>.</param>
    /// <param name="findStorage">Gives the storage of a type, a key and a number of elements.</param>
    /// <param name="end">First byte after the pickle.</param>
    /// <returns>
    /// Null, Boolean, long, <see cref="BigInteger"/>, double, text, bytes, list (<see cref="List{T}"/>), tuple (array),
    /// <see cref="PickleDictionary"/>, <see cref="PickleTensor"/>, <see cref="PickleStorage"/>, <see cref="PickleObject"/> or <see cref="PickleGlobal"/>.
    /// </returns>
    /// <exception cref="InvalidCheckpointException">It is malformed, or names what no checkpoint needs.</exception>
    public static object? Read(
        MappedFile file, long start, long length, Func<string, PickleGlobal?> findGlobal, Func<PickleGlobal, string, long, PickleStorage> findStorage, out long end)
    {
        PickleReader reader = new(file, start, length, findGlobal, findStorage);
        object? value = reader.Run();
        end = reader.Position;
        return value;
    }

    /// <summary>A text of a hostile file for a message: short, without control characters.</summary>
    public static string Show(string text)
    {
        string cut = text.Length > MaxShownCharacters ? text[..MaxShownCharacters] + "…" : text;
        return string.Concat(cut.Select(character => char.IsControl(character) ? '?' : character));
    }

    private object? Run()
    {
        while (true)
        {
            long at = Position;
            byte code = Take(1)[0];
            CountObjects(1, at);
            if (code == (byte)'.')
            {
                object? result = Pop(at);
                return _stack.Count == 0 ? result : throw Error(at, $"{_stack.Count} values are left at its end");
            }

            if (!Constant(code) && !Memo(code, at) && !Container(code, at))
            {
                Call(code, at);
            }
        }
    }

    private void CountObjects(int more, long at)
    {
        _objects = _objects <= MaxObjects - more ? _objects + more : throw Error(at, $"it makes more than {MaxObjects} objects");
    }

    private bool Constant(byte code)
    {
        switch (code)
        {
            case 0x80: // PROTO
                Take(1);
                return true;
            case 0x95: // FRAME
                Take(8);
                return true;
            case (byte)'N':
                return Push(null);
            case 0x88:
                return Push(true);
            case 0x89:
                return Push(false);
            case (byte)'K':
                return Push((long)Take(1)[0]);
            case (byte)'M':
                return Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case (byte)'J':
                return Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
            case 0x8A: // LONG1
                return Push(Integer(Take(1)[0]));
            case 0x8B: // LONG4
                return Push(Integer(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
            case (byte)'G':
                return Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
            case (byte)'X' or (byte)'T': // BINUNICODE, BINSTRING
                return Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
            case 0x8C or (byte)'U': // SHORT_BINUNICODE, SHORT_BINSTRING
                return Push(Text(Take(1)[0]));
            case 0x8D: // BINUNICODE8
                return Push(Text(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))));
            case (byte)'C':
                return Push(Take(Take(1)[0]).ToArray());
            case (byte)'B':
                return Push(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))).ToArray());
            default:
                return false;
        }
    }

    private bool Memo(byte code, long at)
    {
        switch (code)
        {
            case (byte)'q': // BINPUT
                _memo[Take(1)[0]] = Top(at);
                return true;
            case (byte)'r': // LONG_BINPUT
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Top(at);
                return true;
            case 0x94: // MEMOIZE
                _memo[_memo.Count] = Top(at);
                return true;
            case (byte)'h': // BINGET
                return Push(Recall(Take(1)[0], at));
            case (byte)'j': // LONG_BINGET
                return Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)), at));
            default:
                return false;
        }
    }

    private bool Container(byte code, long at)
    {
        switch (code)
        {
            case (byte)'(':
                return Push(Mark);
            case (byte)'0':
                Pop(at);
                return true;
            case (byte)'1': // POP_MARK
                PopToMark(at);
                return true;
            case (byte)'}':
                return Push(new PickleDictionary());
            case (byte)']':
                return Push(new List<object?>());
            case (byte)')':
                return Push(Array.Empty<object?>());
            case (byte)'t':
                return Push(PopToMark(at));
            case 0x85 or 0x86 or 0x87: // TUPLE1, TUPLE2, TUPLE3
                object?[] tuple = new object?[code - 0x84];
                for (int i = tuple.Length - 1; i >= 0; i--)
                {
                    tuple[i] = Pop(at);
                }

                return Push(tuple);
            case (byte)'l':
                return Push(new List<object?>(PopToMark(at)));
            case (byte)'d':
                PickleDictionary dictionary = new();
                AddPairs(dictionary, PopToMark(at), at);
                return Push(dictionary);
            case (byte)'a': // APPEND
                object? item = Pop(at);
                Top<List<object?>>(at).Add(item);
                return true;
            case (byte)'e': // APPENDS
                object?[] items = PopToMark(at);
                Top<List<object?>>(at).AddRange(items);
                return true;
            case (byte)'s': // SETITEM
                object?[] pair = [Pop(at), Pop(at)];
                Array.Reverse(pair);
                AddPairs(Top<PickleDictionary>(at), pair, at);
                return true;
            case (byte)'u': // SETITEMS
                object?[] pairs = PopToMark(at);
                AddPairs(Top<PickleDictionary>(at), pairs, at);
                return true;
            default:
                return false;
        }
    }

    private void Call(byte code, long at)
    {
        switch (code)
        {
            case (byte)'c': // GLOBAL
                string module = Line(at);
                Push(Global(module, Line(at), at));
                return;
            case 0x93: // STACK_GLOBAL
                string name = Pop<string>(at);
                Push(Global(Pop<string>(at), name, at));
                return;
            case (byte)'Q': // BINPERSID
                Push(Storage(Pop<object?[]>(at), at));
                return;
            case (byte)'R': // REDUCE
                object?[] arguments = Pop<object?[]>(at);
                Push(Rebuild(Pop<PickleGlobal>(at), arguments, at));
                return;
            case 0x81: // NEWOBJ
                Pop<object?[]>(at);
                PickleGlobal type = Pop<PickleGlobal>(at);
                Push(type.IsInert ? new PickleObject() : throw Error(at, $"\"{type.Name}\" is made in another way than PyTorch's"));
                return;
            case (byte)'b': // BUILD
                Build(Pop(at), at);
                return;
            default:
                throw Error(at, $"the operation 0x{code:X2} is not needed to rebuild tensors, and not supported");
        }
    }

    private PickleGlobal Global(string module, string name, long at)
    {
        string full = $"{module}.{name}";
        return _findGlobal(full) ?? throw Error(at,
            $"it names \"{Show(full)}\", which no checkpoint needs and which may run code; only tensors are rebuilt. Save the model's state_dict, or take safetensors");
    }

    private PickleStorage Storage(object?[] id, long at)
    {
        // ("storage", type, key, device, elements), in the oldest files with a view of another storage at the end.
        bool whole = id.Length == 5 || (id.Length == 6 && id[5] is null);
        return whole && id is ["storage", PickleGlobal { IsStorage: true } type, string key, string, long count, ..] && count >= 0
            ? _findStorage(type, key, count)
            : throw Error(at, "a storage is not described as PyTorch does it");
    }

    // Dictionaries of PyTorch carry versions of modules in an attribute, which nobody needs here.
    private void Build(object? state, long at)
    {
        if (Top(at) is PickleObject made)
        {
            made.Attributes = state as PickleDictionary;
        }
        else if (Top(at) is not PickleDictionary || state is not PickleDictionary)
        {
            throw Error(at, "a value that is no dictionary gets attributes");
        }
    }

    private object? Rebuild(PickleGlobal function, object?[] arguments, long at)
    {
        switch (function.Name)
        {
            case PickleGlobal.OrderedDictionary when arguments is []:
                return new PickleDictionary();
            case PickleGlobal.OrderedDictionary when arguments is [List<object?> pairs]:
                // The same list may be given again and again.
                CountObjects(pairs.Count, at);
                PickleDictionary dictionary = new();
                foreach (object? pair in pairs)
                {
                    IList<object?> both = pair as IList<object?> ?? throw Error(at, "a pair of a dictionary is none");
                    AddPairs(dictionary, [.. both.Take(3)], at);
                }

                return dictionary;
            case PickleGlobal.RebuildTensor when arguments is [PickleStorage storage, long offset, object?[] shape, object?[] strides, _, ..]:
                return Tensor(storage, storage.Type, offset, shape, strides, at);
            case PickleGlobal.RebuildTypedTensor when arguments is [PickleStorage storage, long offset, object?[] shape, object?[] strides, _, _, PickleGlobal { Type: { } type }, ..]:
                return Tensor(storage, type, offset, shape, strides, at);
            case PickleGlobal.RebuildParameter when arguments is [PickleTensor tensor, ..]:
                return tensor;
            case PickleGlobal.Size when arguments is [object?[] shape]:
                return shape;
            case var _ when function.IsInert:
                return new PickleObject();
            default:
                throw Error(at, $"\"{function.Name}\" is called with other arguments than PyTorch's");
        }
    }

    private PickleTensor Tensor(PickleStorage storage, ElementType type, long offset, object?[] shape, object?[] strides, long at)
    {
        const int MaxDimensions = 8;
        return shape.Length == strides.Length && shape.Length <= MaxDimensions
            ? new PickleTensor(storage, type, offset, Numbers(shape, at), Numbers(strides, at))
            : throw Error(at, $"a tensor has {shape.Length} dimensions and {strides.Length} strides (at most {MaxDimensions} of both)");
    }

    private ImmutableArray<long> Numbers(object?[] values, long at) =>
        [.. values.Select(value => value is long number ? number : throw Error(at, "a dimension of a tensor is no integer"))];

    private void AddPairs(PickleDictionary dictionary, object?[] values, long at)
    {
        if (values.Length % 2 != 0)
        {
            throw Error(at, "a dictionary has a key without a value");
        }

        for (int i = 0; i < values.Length; i += 2)
        {
            dictionary.Pairs.Add((values[i], values[i + 1]));
        }
    }

    private bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private object? Top(long at) => _stack.Count > 0 ? _stack[^1] : throw Error(at, "it takes a value from an empty stack");

    private T Top<T>(long at) => Top(at) is T value ? value : throw Error(at, $"a value is no {Describe<T>()}");

    private object? Pop(long at)
    {
        object? value = Top(at);
        if (ReferenceEquals(value, Mark))
        {
            throw Error(at, "it takes a value from an empty stack");
        }

        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private T Pop<T>(long at) => Pop(at) is T value ? value : throw Error(at, $"a value is no {Describe<T>()}");

    private object?[] PopToMark(long at)
    {
        int mark = _stack.LastIndexOf(Mark);
        if (mark < 0)
        {
            throw Error(at, "it goes back to a mark that was not set");
        }

        object?[] values = [.. _stack[(mark + 1)..]];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private static string Describe<T>() =>
        typeof(T) == typeof(PickleDictionary) ? "dictionary" : typeof(T) == typeof(PickleGlobal) ? "function" : typeof(T) == typeof(string) ? "text" : typeof(T) == typeof(object?[]) ? "tuple" : "list";

    private object? Recall(long index, long at) => _memo.TryGetValue(index, out object? value) ? value : throw Error(at, $"it recalls value {index}, which it did not store");

    private object Integer(long bytes)
    {
        if (bytes > MaxIntegerBytes)
        {
            throw Error(Position, $"an integer has {bytes} bytes");
        }

        BigInteger value = new(Take(bytes));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private string Text(ulong bytes)
    {
        long at = Position;
        try
        {
            return Strict.GetString(Take(bytes));
        }
        catch (DecoderFallbackException)
        {
            throw Error(at, "a text is not valid UTF-8");
        }
    }

    private string Line(long at)
    {
        const int MaxBytes = 1000;
        ReadOnlySpan<byte> rest = _file.Bytes(Position, (int)Math.Min(MaxBytes, _end - Position));
        int length = rest.IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Error(at, "a name has no end");
        }

        Position += length + 1;
        return Encoding.UTF8.GetString(rest[..length]);
    }

    private ReadOnlySpan<byte> Take(ulong bytes) => bytes <= int.MaxValue ? Take((long)bytes) : throw Error(Position, $"a value has {bytes} bytes");

    private ReadOnlySpan<byte> Take(long bytes)
    {
        if (bytes > _end - Position || bytes > int.MaxValue)
        {
            throw Error(Position, $"it needs {bytes} more bytes, {_end - Position} are left (truncated?)");
        }

        ReadOnlySpan<byte> taken = _file.Bytes(Position, (int)bytes);
        Position += bytes;
        return taken;
    }

    private InvalidCheckpointException Error(long at, string reason) => new(_file.Path, $"pickle, byte {at}", reason);
}
