using System.Text;
using Moiety.Decoding.Chat;
using Moiety.Decoding.Samplers;
using Moiety.Inference;

namespace Moiety.Decoding.Tests.Chat;

/// <summary>A conversation is one text: answers are what the model would say to the whole transcript.</summary>
public class ChatSessionTests(RandomModelFixture model) : IClassFixture<RandomModelFixture>
{
    private static readonly GenerationOptions Options = new() { MaxTokens = 12, StopTokens = [] };

    [Fact]
    public void A_transcript_alternates_instructions_and_replies()
    {
        string text = TranscriptFormat.Instructions.Write("Be kind.", [new ChatTurn("Tell a story.", "Mia has a kite."), new ChatTurn("And then?")]);
        Assert.Equal("Be kind.\nInstruction: Tell a story.\nReply: Mia has a kite.\nInstruction: And then?\nReply:", text);
    }

    [Fact]
    public void Every_answer_is_the_one_to_the_whole_transcript()
    {
        using ChatSession session = new(model.Engine, model.Tokenizer, TranscriptFormat.Instructions) { System = "Mia has a red kite." };
        List<ChatTurn> turns = [];
        foreach (string message in (string[])["Tom went to", "the lake 😀", "and then?"])
        {
            string transcript = TranscriptFormat.Instructions.Write("Mia has a red kite.", [.. turns, new ChatTurn(message)]);
            GenerationResult expected = model.Generator.Generate(transcript, Options with { StopStrings = TranscriptFormat.Instructions.StopStrings });
            StringBuilder shown = new();
            GenerationResult answer = session.Reply(message, Options, text => shown.Append(text));
            Assert.Equal(expected.Tokens, answer.Tokens);
            Assert.Equal(expected.Text.Trim(), answer.Text);
            Assert.Equal(answer.Text, shown.ToString().TrimEnd());
            turns.Add(new ChatTurn(message, answer.Text));
        }

        Assert.Equal(turns, session.Turns);
    }

    [Fact]
    public void A_reset_conversation_begins_anew()
    {
        using ChatSession session = new(model.Engine, model.Tokenizer, TranscriptFormat.Instructions);
        string first = session.Reply("Tom went to", Options).Text;
        session.Reply("the lake", Options);
        session.Reset();
        Assert.Equal(first, session.Reply("Tom went to", Options).Text);
    }

    [Fact]
    public void A_cancelled_answer_stays_as_far_as_it_came_and_the_conversation_goes_on()
    {
        using ChatSession session = new(model.Engine, model.Tokenizer, TranscriptFormat.Instructions);
        using CancellationTokenSource stop = new();
        StringBuilder shown = new();
        Assert.Throws<OperationCanceledException>(() => session.Reply(
            "Tom went to",
            Options with { MaxTokens = 500, Sampler = new MultinomialSampler(1) },
            text =>
            {
                shown.Append(text);
                stop.Cancel();
            },
            stop.Token));
        Assert.Equal(shown.ToString().TrimEnd(), Assert.Single(session.Turns).Answer);
        session.Reply("the lake", Options);
        Assert.Equal(2, session.Turns.Count);
    }

    [Fact]
    public void A_conversation_that_outgrows_the_context_says_so_and_stays_as_it_was()
    {
        using ChatSession session = new(model.Engine, model.Tokenizer, TranscriptFormat.Instructions);
        session.Reply("Tom went to", Options);
        Assert.Throws<ContextOverflowException>(() => session.Reply(RandomModelFixture.Prompt(2000), Options));
        Assert.Single(session.Turns);
        session.Reply("the lake", Options);
        Assert.Equal(2, session.Turns.Count);
    }
}
