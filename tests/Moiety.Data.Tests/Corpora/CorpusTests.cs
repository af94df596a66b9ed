using System.Text;
using CsCheck;
using Moiety.Data.Corpora;
using Moiety.Models;

namespace Moiety.Data.Tests.Corpora;

/// <summary>What the corpus reader gives, and how it complains.</summary>
public sealed class CorpusTests
{
    [Fact]
    public void Plain_text_is_split_at_separator_lines_and_keeps_its_paragraphs()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.txt", "One.\n\nTwo.\n\n<|endoftext|>\nThree.\r\n\n<|endoftext|>\n"u8);

        CorpusDocument[] documents = [.. Corpus.Open(file).ReadDocuments()];

        Assert.Equal(["One.\n\nTwo.", "Three."], documents.Select(document => document.Text));
        Assert.Equal([1L, 6L], documents.Select(document => document.Line));
    }

    [Fact]
    public void Plain_text_without_separators_is_one_document()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.txt", "\uFEFFOne.\n\nTwo."u8);

        Assert.Equal("One.\n\nTwo.", Assert.Single(Corpus.Open(file).ReadTexts()));
    }

    [Fact]
    public void A_folder_gives_its_files_in_ordinal_order_whatever_else_it_holds()
    {
        using TemporaryFolder folder = new();
        folder.Write("b.txt", "second"u8);
        folder.Write("a.jsonl", "{\"text\":\"first\"}\n\n{\"id\":1,\"text\":\"first again\"}"u8);
        folder.Write("sub/c.txt", "third"u8);
        folder.Write("notes.md", "not a corpus"u8);

        Assert.Equal(["first", "first again", "second", "third"], Corpus.Open(folder.Path).ReadTexts());
        Assert.Equal(["second"], Corpus.Open(folder["*.txt"]).ReadTexts());
    }

    [Theory]
    [InlineData("{\"text\":\"fine\"}\n{\"text\":", "line 2", "JSON")]
    [InlineData("{\"txt\":\"a\"}", "line 1", "text")]
    [InlineData("{\"text\":5}", "line 1", "text")]
    [InlineData("{\"text\":\"\"}", "line 1", "empty")]
    [InlineData("[1]", "line 1", "object")]
    [InlineData("{\"text\":\"fine\"}\n\n{\"text\":\"\\ud800\"}", "line 3", "Unicode")]
    public void A_bad_line_of_json_is_named(string content, string where, string what)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.jsonl", Encoding.UTF8.GetBytes(content));

        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Corpus.Open(file).ReadTexts().Count());

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.jsonl")]
    public void Invalid_utf8_is_named_with_its_line(string name)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write(name, [.. "{\"text\":\"fine\"}\n{\"text\":\""u8, 0xC3, 0x28, .. "\"}\n"u8]);

        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Corpus.Open(file).ReadTexts().Count());

        Assert.Contains("line 2: byte 9 of the line is not valid UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.txt")]
    [InlineData("missing/*.txt")]
    [InlineData("*.txt")]
    [InlineData("picture.png")]
    public void A_path_without_a_corpus_is_an_error_of_the_user(string name)
    {
        using TemporaryFolder folder = new();
        folder.Write("picture.png", "png"u8);

        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Corpus.Open(Path.Combine(folder.Path, name)));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_document_larger_than_the_read_buffer_arrives_whole()
    {
        using TemporaryFolder folder = new();
        string text = new('x', 300_000);
        string file = folder.Write("a.txt", Encoding.UTF8.GetBytes($"{text}\n<|endoftext|>\nshort"));

        Assert.Equal([text, "short"], Corpus.Open(file).ReadTexts());
    }

    [Fact]
    public void Any_bytes_give_documents_or_one_clean_error()
    {
        using TemporaryFolder folder = new();
        byte[] marks = "{}[]\":,text\\\n\r questions"u8.ToArray();
        Gen<byte> likely = Gen.Int[0, marks.Length - 1].Select(at => marks[at]);
        Gen.Select(Gen.OneOf(likely, Gen.Byte).Array[0, 200], Gen.Bool).Sample(
            (bytes, json) =>
            {
                string file = folder.Write(json ? "a.jsonl" : "a.txt", bytes);
                try
                {
                    _ = Corpus.Open(file).ReadTexts().Count();
                    _ = json ? QuestionSet.Open(file).Read().Count() : 0;
                }
                catch (InvalidInputException error)
                {
                    Assert.Contains(file, error.Message, StringComparison.Ordinal);
                }
            },
            iter: 2000,
            threads: 1);
    }
}
