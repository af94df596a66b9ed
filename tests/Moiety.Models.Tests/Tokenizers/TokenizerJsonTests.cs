using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class TokenizerJsonTests
{
    [Fact]
    public void What_is_written_reads_back_as_the_same_tokenizer()
    {
        string[] corpus = ["the cat sat on the mat", "a cat, a hat; don't! 123\n\nthe end"];
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(corpus, new BpeTrainerOptions { VocabularySize = 290 });
        string folder = Directory.CreateTempSubdirectory("moiety").FullName;
        TokenizerJson.WriteFolder(trained, folder);
        ByteLevelBpeTokenizer read = Assert.IsType<ByteLevelBpeTokenizer>(TokenizerJson.ReadFolder(folder));
        Assert.Equal(TokenizerJson.Write(trained), TokenizerJson.Write(read));
        Assert.Equal(trained.Merges, read.Merges);
        Assert.Equal(0, read.BosTokenId);
        Assert.Equal([0], read.EosTokenIds);
        Assert.Equal(trained.Encode(corpus[1]), read.Encode(corpus[1]));
        Assert.Equal(0, read.Encode(corpus[1])[0]);
        Directory.Delete(folder, recursive: true);
    }
}
