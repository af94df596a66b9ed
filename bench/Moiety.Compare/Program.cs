using System.CommandLine;
using Moiety.Compare;
using Moiety.Evaluation.Speed;
using Moiety.LlamaCpp;
using Moiety.Numerics.Formats;

Option<string[]> shapes = new("--shape")
{
    Description = $"Model shapes: {string.Join(", ", ModelPreset.All.Select(preset => preset.Name))}",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => ["llama-1b", "mixtral-1b"],
};
Option<string[]> formats = new("--format") { Description = "Storage formats", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["Q8_0", "Q4_0"] };
Option<int> threads = new("--threads") { Description = "Threads of both engines", DefaultValueFactory = _ => Environment.ProcessorCount };
Option<int> prompt = new("--prompt") { Description = "Tokens of the prompt, one batch", DefaultValueFactory = _ => 256 };
Option<int> decode = new("--decode") { Description = "Tokens to decode, one by one", DefaultValueFactory = _ => 48 };
Option<int> repetitions = new("--repetitions") { Description = "Repetitions; the median counts", DefaultValueFactory = _ => 5 };

RootCommand command = new("Compares Moiety's speed with llama.cpp's (the prebuilt one that the parity tests use) on random weights.")
{
    shapes, formats, threads, prompt, decode, repetitions,
};
command.SetAction(parsed =>
{
    LlamaCppLibrary library;
    try
    {
        library = new LlamaCppLibrary(LlamaCppPackage.Locate());
    }
    catch (LlamaCppUnavailableException e)
    {
        Console.Error.WriteLine($"There is nothing to compare with: {e.Message}");
        return 2;
    }

    Comparison comparison = new(library, parsed.GetValue(threads), parsed.GetValue(prompt), parsed.GetValue(decode), parsed.GetValue(repetitions));
    Console.WriteLine($"llama.cpp {LlamaCppPackage.Version} (npm), {parsed.GetValue(threads)} threads, prompt of {parsed.GetValue(prompt)}, {parsed.GetValue(decode)} decoded, tokens/s");
    Console.WriteLine($"{"shape",-14} {"",-5} {"engine",-10} {"prefill",10} {"decode",9} {"GB/s",7}");
    foreach (string shape in parsed.GetValue(shapes)!)
    {
        foreach (string format in parsed.GetValue(formats)!)
        {
            comparison.Run(ModelPreset.ByName(shape), StorageFormats.ByName(format), Console.Out);
        }
    }

    return 0;
});
return command.Parse(args).Invoke();
