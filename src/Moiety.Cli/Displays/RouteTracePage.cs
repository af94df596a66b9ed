using System.Collections.Immutable;
using System.Text.Json;
using Moiety.Evaluation.Routing;
using Moiety.Models;
using Moiety.Models.Configuration;

namespace Moiety.Cli.Displays;

/// <summary>The way of each token as a page that needs no other file: tokens in the color of their expert, and a layer to choose.</summary>
internal static class RouteTracePage
{
    // The text comes in as JSON whose brackets and ampersands are escaped, so it cannot end the script.
    private const string Before = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>Routes of experts</title>
        <style>
        body { font: 16px/1.8 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; background: #fff; color: #222; }
        #text { white-space: pre-wrap; font-family: ui-monospace, monospace; }
        #text span { padding: 2px 0; border-radius: 3px; }
        #legend span { display: inline-block; padding: 0 .6em; margin: 2px; border-radius: 3px; cursor: pointer; }
        .faded { opacity: .2; }
        #detail { min-height: 3.6em; color: #555; }
        </style>
        </head>
        <body>
        <h1>Routes of experts</h1>
        <p><label>Layer <select id="layer"></select></label> <span id="legend"></span></p>
        <p id="text"></p>
        <p id="detail">Point at a token for its experts, at an expert for its tokens.</p>
        <script>
        const model =
        """;

    private const string After = """
        ;
        const select = document.getElementById("layer"), text = document.getElementById("text");
        const legend = document.getElementById("legend"), detail = document.getElementById("detail");
        const color = (expert, count) => `hsl(${360 * expert / count} 75% 82%)`;
        const add = (parent, content, background) => {
          const span = document.createElement("span");
          span.textContent = content;
          span.style.background = background;
          return parent.appendChild(span);
        };
        function show(index) {
          const count = model.layers[index].experts;
          text.replaceChildren();
          legend.replaceChildren();
          const spans = model.tokens.map(token => {
            const choice = token.choices[index];
            const span = add(text, token.text, choice.experts.length ? color(choice.experts[0], count) : "none");
            span.onmouseenter = () => {
              detail.textContent = `${JSON.stringify(token.text)}: ` + choice.experts.map((expert, at) =>
                `expert ${expert}, probability ${choice.scores[at].toFixed(3)}, weight ${choice.weights[at].toFixed(3)}`).join("; ")
                + ` (entropy ${choice.entropy.toFixed(2)} nats)`;
            };
            return span;
          });
          for (let expert = 0; expert < count; expert++) {
            const used = model.tokens.filter(token => token.choices[index].experts.includes(expert)).length;
            const label = add(legend, `${expert}: ${used}`, color(expert, count));
            label.onmouseenter = () => spans.forEach((span, at) => span.classList.toggle("faded", !model.tokens[at].choices[index].experts.includes(expert)));
            label.onmouseleave = () => spans.forEach(span => span.classList.remove("faded"));
          }
        }
        model.layers.forEach((layer, index) => select.add(new Option(layer.layer, index)));
        select.onchange = () => show(Number(select.value));
        show(0);
        </script>
        </body>
        </html>

        """;

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Writes the page.</summary>
    /// <exception cref="InvalidInputException">It cannot be written there.</exception>
    public static void Write(string path, ModelConfig config, ImmutableArray<TokenTrace> traces)
    {
        string json = JsonSerializer.Serialize(
            new
            {
                Layers = traces[0].Layers.Select(choice => new { choice.Layer, Experts = config.FeedForwards[choice.Layer].Moe!.ExpertCount }),
                Tokens = traces.Select(token => new
                {
                    token.Text,
                    Choices = token.Layers.Select(choice => new { choice.Experts, choice.Scores, choice.Weights, choice.Entropy }),
                }),
            },
            Options);
        try
        {
            File.WriteAllText(path, Before + json + After);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"--html {path}: {error.Message}");
        }
    }
}
