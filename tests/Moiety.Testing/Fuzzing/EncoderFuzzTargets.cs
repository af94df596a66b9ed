using System.Text;
using Moiety.Models.Checkpoints;

namespace Moiety.Testing.Fuzzing;

/// <summary>The files that encoders have beyond those of other models.</summary>
internal static class EncoderFuzzTargets
{
    private const string Modules = """
        [
          {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
          {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
          {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
        ]
        """;

    /// <summary>The targets.</summary>
    /// <param name="folder">For files while the targets are made.</param>
    public static IEnumerable<FuzzTarget> Create(string folder)
    {
        foreach (string fixture in (string[])["deberta-v2-conv", "deberta-v3-classifier", "mpnet"])
        {
            Dictionary<string, byte[]> files = Files(fixture);
            yield return new FuzzTarget("json", $"{fixture} config.json", files["config.json"], (bytes, scratch) =>
            {
                FuzzTargets.Write(scratch, files, "config.json", bytes);
                FuzzTargets.OpenModel(scratch);
            });
        }

        Dictionary<string, byte[]> bert = Files("bert");
        bert["modules.json"] = Encoding.UTF8.GetBytes(Modules);
        bert["sentence_bert_config.json"] = """{"max_seq_length": 128, "do_lower_case": false}"""u8.ToArray();
        byte[] pooling = """{"word_embedding_dimension": 32, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"""u8.ToArray();
        foreach (string damaged in (string[])["modules.json", "sentence_bert_config.json", "1_Pooling"])
        {
            bool pools = damaged == "1_Pooling";
            yield return new FuzzTarget("json", $"sentence-transformers {damaged}", pools ? pooling : bert[damaged], (bytes, scratch) =>
            {
                FuzzTargets.Write(scratch, bert, pools ? "modules.json" : damaged, pools ? bert["modules.json"] : bytes);
                Directory.CreateDirectory(Path.Combine(scratch, "1_Pooling"));
                File.WriteAllBytes(Path.Combine(scratch, "1_Pooling", "config.json"), pools ? bytes : pooling);
                FuzzTargets.OpenModel(scratch);
            });
        }

        string gguf = Path.Combine(folder, "encoder.gguf");
        using Checkpoint source = Checkpoint.Open(TransformersFixture.Open("deberta-v3-classifier").Path);
        GgufWriter.Write(gguf, source.Config, TensorSource.From(source), null);
        yield return new FuzzTarget("gguf", "deberta-v2 F16", File.ReadAllBytes(gguf), (bytes, scratch) => FuzzTargets.OpenFile(bytes, Path.Combine(scratch, "fuzz.gguf")));
    }

    private static Dictionary<string, byte[]> Files(string fixture) => ((string[])["config.json", "model.safetensors"]).ToDictionary(
        name => name, name => File.ReadAllBytes(Path.Combine(TransformersFixture.Open(fixture).Path, name)));
}
