using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Json;

/// <summary>Whatever a JSON file holds, what does not fit is told with file, path, value and reason.</summary>
public class JsonFieldTests
{
    [Theory]
    [InlineData("""{"a": {"b": [1, "text"]}}""", "a.b[1]", "found a text, expected an integer of 32 bits: \"text\"")]
    [InlineData("""{"a": {"b": [1, -0.5]}}""", "a.b[1]", "found -0.5, expected an integer of 32 bits")]
    [InlineData("""{"a": {"b": {"c": null}}}""", "a.b", "found an object, expected a list: {\"c\": null}")]
    [InlineData("""{"a": {"b": null}}""", "a.b", "it is missing")]
    [InlineData("""{"a": 7}""", "a", "found 7, expected an object")]
    [InlineData("[true]", "JSON root", "found a list, expected an object: [true]")]
    [InlineData("""{"a": 1, "a": 2}""", "JSON", "damaged or not JSON.")]
    public void An_error_names_the_file_the_path_the_value_and_the_reason(string json, string field, string reason)
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(
            () => JsonField.Parse("model/config.json", Encoding.UTF8.GetBytes(json)).Get("a").Get("b").Items().Select(item => item.Int32()).ToArray());
        Assert.Equal(("model/config.json", field), (error.Path, error.Field));
        Assert.EndsWith(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_of_broken_UTF_8_is_refused_without_being_quoted()
    {
        JsonField root = JsonField.Parse("config.json", (byte[])[.. "{\"a\": \""u8, 0xC3, 0x28, .. "\"}"u8]);
        Assert.Contains("expected a list: text that is not valid UTF-8", Refused(() => root.Get("a").Length()), StringComparison.Ordinal);
        Assert.Contains("a: it is not valid Unicode text", Refused(() => root.Text("a")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_value_is_quoted_up_to_a_whole_character()
    {
        for (int lead = 0; lead < 4; lead++)
        {
            string text = new string('x', lead) + string.Concat(Enumerable.Repeat("🚀", 100));
            string shown = JsonField.Parse("config.json", Encoding.UTF8.GetBytes($"\"{text}\"")).Show();
            Assert.InRange(shown.Length, 60, 61);
            Assert.Equal(shown, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shown)));
        }
    }

    [Theory]
    [InlineData("mod\\ud800")]
    [InlineData("mode\\udfff")]
    [InlineData("m\\ud800\\ud800")]
    public void A_name_with_half_a_surrogate_does_not_stop_the_search_for_another(string name)
    {
        byte[] json = Encoding.UTF8.GetBytes($$"""{"model": 1, "{{name}}": 2}""");
        Assert.NotEmpty(Refused(() => TokenizerJson.Read(json, null, "tokenizer.json")));
        Assert.NotEmpty(Refused(() => JsonField.Parse("config.json", json).Get("model")));
    }

    private static string Refused(Func<object?> read) => Assert.Throws<InvalidCheckpointException>(read).Message;
}
