using Moiety.Decoding.Chat;
using Moiety.Models.Chat;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Tests.Chat;

/// <summary>What a chat template writes becomes the tokens that the model was trained with.</summary>
public class TemplateFormatTests
{
    private const string ChatMl = "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private static readonly string[] Special = ["<s>", "<|im_start|>", "<|im_end|>"];

    [Fact]
    public void Special_tokens_are_one_id_each_and_the_text_begins_once()
    {
        Tokenizer tokenizer = WithSpecialTokens(addBos: true);
        int[] ids = Format().Encode(tokenizer, "Be kind.", [new ChatTurn("Hi 😀", "Yo"), new ChatTurn("")]);
        Assert.Equal(tokenizer.BosTokenId, tokenizer.Encode("Hi")[0]);
        Assert.Equal(tokenizer.BosTokenId, ids[0]);
        Assert.Single(ids, id => id == tokenizer.BosTokenId);
        Assert.Equal(5, ids.Count(id => tokenizer.GetPiece(id) == "<|im_start|>"));
        Assert.Equal(4, ids.Count(id => tokenizer.GetPiece(id) == "<|im_end|>"));

        // Without them the text is what the template wrote, and the pieces between them are encoded as they would be alone.
        int[] between = tokenizer.Encode("user\nHi 😀", addSpecialTokens: false);
        int start = Array.FindIndex(ids, 0, id => tokenizer.GetPiece(id) == "<|im_end|>") + 1;
        start = Array.FindIndex(ids, start, id => tokenizer.GetPiece(id) == "<|im_start|>") + 1;
        Assert.Equal(between, ids[start..(start + between.Length)]);
    }

    [Fact]
    public void Nothing_is_added_that_the_template_does_not_write()
    {
        Tokenizer tokenizer = WithSpecialTokens(addBos: true);
        int[] ids = new TemplateFormat(ChatTemplate.Parse("{{ messages[0].content }}")).Encode(tokenizer, null, [new ChatTurn("Hi")]);
        Assert.Equal(tokenizer.Encode("Hi", addSpecialTokens: false), ids);
    }

    [Fact]
    public void The_system_prompt_and_every_turn_reach_the_template_in_order()
    {
        TemplateFormat format = new(ChatTemplate.Parse("{% for m in messages %}{{ m.role }}={{ m.content }};{% endfor %}"));
        Tokenizer tokenizer = WithSpecialTokens(addBos: false);
        string Written(string? system, params ChatTurn[] turns) => tokenizer.Decode(format.Encode(tokenizer, system, turns));
        Assert.Equal("system=s;user=a;assistant=b;user=c;", Written("s", new ChatTurn("a", "b"), new ChatTurn("c")));
        Assert.Equal("user=a;", Written(null, new ChatTurn("a")));
        Assert.Equal("user=a;", Written("", new ChatTurn("a")));
        Assert.Equal("user=;assistant=;user=x;", Written(null, new ChatTurn("", ""), new ChatTurn("x")));
    }

    private static TemplateFormat Format() => new(ChatTemplate.Parse(ChatMl, new Dictionary<string, string> { ["bos_token"] = "<s>" }));

    private static ByteLevelBpeTokenizer WithSpecialTokens(bool addBos)
    {
        ByteLevelBpeTokenizer bytes = (ByteLevelBpeTokenizer)BpeTrainer.Train(["Hi user assistant"], new BpeTrainerOptions { VocabularySize = 262 });
        int first = bytes.VocabularySize;
        string?[] pieces = [.. Enumerable.Range(0, first).Select(bytes.GetPiece), .. Special];
        return new ByteLevelBpeTokenizer(pieces, bytes.Merges, new ByteLevelBpeOptions
        {
            AddedTokens = [.. Special.Select((content, index) => new AddedToken { Id = first + index, Content = content, Special = true, IsPiece = false })],
            BosTokenId = first,
            Prefix = addBos ? [first] : [],
        });
    }
}
