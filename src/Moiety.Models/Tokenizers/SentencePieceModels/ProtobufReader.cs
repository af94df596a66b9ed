using System.Buffers.Binary;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Tokenizers.SentencePieceModels;

/// <summary>
/// Walks the fields of a protocol buffer message (https://protobuf.dev/programming-guides/encoding), checking every length against
/// what is left. Nothing is copied.
/// </summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message, string path, string name)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;
    private ReadOnlySpan<byte> _rest = message;
    private int _wireType;
    private ulong _number;
    private ReadOnlySpan<byte> _bytes;

    /// <summary>Number of the field read last.</summary>
    public int Field { get; private set; }

    /// <summary>Reads the next field.</summary>
    /// <returns>False at the end of the message.</returns>
    /// <exception cref="InvalidCheckpointException">The message is malformed.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        ulong key = ReadVarint();
        if (key >> 3 is 0 or > int.MaxValue)
        {
            throw Error("a field number is out of range; is this a SentencePiece model?");
        }

        Field = (int)(key >> 3);
        _wireType = (int)(key & 7);
        switch (_wireType)
        {
            case Varint:
                _number = ReadVarint();
                break;
            case Fixed64:
                _number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case Bytes:
                _bytes = Take(ReadVarint());
                break;
            case Fixed32:
                _number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw Error($"the wire type {_wireType} is not known; is this a SentencePiece model?");
        }

        return true;
    }

    /// <summary>The field as an integer of 32 bits.</summary>
    public readonly int Int32() => (int)(uint)Require(Varint);

    /// <summary>The field as a truth value.</summary>
    public readonly bool Boolean() => Require(Varint) != 0;

    /// <summary>The field as a number in single precision.</summary>
    public readonly float Single() => BitConverter.UInt32BitsToSingle((uint)Require(Fixed32));

    /// <summary>The field as bytes, which may be text or a message.</summary>
    public readonly ReadOnlySpan<byte> Content()
    {
        Require(Bytes);
        return _bytes;
    }

    /// <summary>An error in this message.</summary>
    public readonly InvalidCheckpointException Error(string reason) => new(path, name, reason);

    private readonly ulong Require(int wireType) =>
        _wireType == wireType ? _number : throw Error($"the field {Field} has the wire type {_wireType}, expected {wireType}");

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Error("a number has more than ten bytes");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw Error($"a field needs {length} bytes, {_rest.Length} are left (truncated?)");
        }

        ReadOnlySpan<byte> taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }
}
