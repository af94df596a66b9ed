using System.Buffers;
using System.Diagnostics;
using System.Text;
using Moiety.Decoding.Strategies;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Text;

/// <summary>
/// Turns the tokens of one strategy into text as they come: whole UTF-8 characters only, and nothing that is or may become
/// part of a stop string.
/// </summary>
internal sealed class TextRun
{
    private readonly DecodingStrategy _strategy;
    private readonly IncrementalDecoder _decoder;
    private readonly StopStringMatcher _stops;
    private readonly ArrayBufferWriter<char> _decoded = new();
    private readonly StringBuilder _text = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _first;
    private long _last;
    private int _taken;
    private int _shown;

    public TextRun(DecodingStrategy strategy, Tokenizer tokenizer, GenerationOptions options)
    {
        _strategy = strategy;
        _decoder = new IncrementalDecoder(tokenizer);
        _stops = new StopStringMatcher(options.StopStrings);

        // The decoder sees the prompt, so that a character that begins there and ends in the text comes out whole.
        _decoder.Skip(strategy.Tokens);
    }

    public DecodingStrategy Strategy => _strategy;

    /// <summary>Whether the whole text was taken.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Takes the tokens that were settled since the last call; returns the new text that may be shown.</summary>
    public string Take()
    {
        if (HasEnded)
        {
            return "";
        }

        foreach (int token in _strategy.Generated[_taken..])
        {
            _decoder.Append(token, _decoded);
            if (!PushDecoded())
            {
                _strategy.Finish(FinishReason.StopString);
                break;
            }
        }

        MarkTime();
        if (_strategy.FinishReason is not null)
        {
            HasEnded = true;
            _decoder.Flush(_decoded);
            PushDecoded();
            _stops.Flush(_text);
        }

        string fresh = _text.ToString(_shown, _text.Length - _shown);
        _shown = _text.Length;
        return fresh;
    }

    public GenerationResult Result() => new()
    {
        Text = _text.ToString(),
        Tokens = [.. _strategy.Generated],
        PromptTokenCount = _strategy.PromptLength,
        FinishReason = _stops.Match is null ? _strategy.FinishReason!.Value : FinishReason.StopString,
        StopString = _stops.Match,
        PromptTime = Stopwatch.GetElapsedTime(_start, _first),
        DecodeTime = Stopwatch.GetElapsedTime(_first, _last),
    };

    private bool PushDecoded()
    {
        bool goesOn = _stops.Push(_decoded.WrittenSpan, _text);
        _decoded.ResetWrittenCount();
        return goesOn;
    }

    private void MarkTime()
    {
        int count = _strategy.Generated.Length;
        if (count > _taken || _strategy.FinishReason is not null)
        {
            _last = Stopwatch.GetTimestamp();
            _first = _first == 0 ? _last : _first;
            _taken = count;
        }
    }
}
