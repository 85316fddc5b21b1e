using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Page;

/// <summary>A headless Chromium in a node's network namespace, driven by the DevTools protocol. One page at a time.</summary>
internal sealed class Browser : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo profile = Directory.CreateTempSubdirectory("ebpflb-chromium-");
    private readonly ChildProcess process;
    private readonly HttpClient http;
    private readonly ClientWebSocket socket = new();
    private readonly List<string> problems = [];
    private string? session;
    private bool isLoaded;
    private int last;

    private Browser(string netns)
    {
        http = NetnsListener.HttpClient(netns);
        // Pictures are drawn by the CPU, and /dev/shm is small in containers.
        process = ChildProcess.Start(new ProcessPlace(netns, null),
            [
                RepositoryPaths.Tool("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-background-networking", "--remote-debugging-port=0",
                $"--user-data-dir={profile.FullName}", "about:blank",
            ]);
    }

    /// <summary>What the console of the last page has of errors and warnings, and refused resources.</summary>
    public IReadOnlyList<string> Problems => problems;

    public static async Task<Browser> StartAsync(string netns, CancellationToken cancellationToken)
    {
        var browser = new Browser(netns);
        try
        {
            await browser.ConnectAsync(cancellationToken);
            return browser;
        }
        catch
        {
            browser.Dispose();
            throw;
        }
    }

    /// <summary>Loads a page on a screen of this width.</summary>
    public async Task LoadAsync(string url, int width, bool isDark, CancellationToken cancellationToken)
    {
        await SendAsync("Emulation.setDeviceMetricsOverride",
            new JsonObject { ["width"] = width, ["height"] = 800, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 }, cancellationToken);
        await SendAsync("Emulation.setEmulatedMedia",
            new JsonObject
            {
                ["features"] = new JsonArray(
                    new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" }),
            },
            cancellationToken);
        problems.Clear();
        isLoaded = false;
        await SendAsync("Page.navigate", new JsonObject { ["url"] = url }, cancellationToken);
        await WaitForLoadAsync(cancellationToken);
    }

    /// <summary>Waits until a page has been loaded that was not waited for yet.</summary>
    public async Task WaitForLoadAsync(CancellationToken cancellationToken)
    {
        while (!isLoaded) await ReadAsync(cancellationToken);
        isLoaded = false;
    }

    /// <summary>The value of an expression in the page, as text.</summary>
    public async Task<string> EvaluateAsync(string expression, CancellationToken cancellationToken)
    {
        var answer = await SendAsync("Runtime.evaluate", new JsonObject { ["expression"] = $"String({expression})" }, cancellationToken);
        return (string?)answer["result"]?["value"] ?? throw new InvalidOperationException(answer.ToJsonString());
    }

    public async Task<byte[]> ScreenshotAsync(CancellationToken cancellationToken)
    {
        var answer = await SendAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png" }, cancellationToken);
        return Convert.FromBase64String((string)answer["data"]!);
    }

    public void Dispose()
    {
        socket.Dispose();
        http.Dispose();
        process.Dispose();
        // Its children may write for a moment longer.
        Eventually.True(
            () =>
            {
                try
                {
                    if (Directory.Exists(profile.FullName)) profile.Delete(recursive: true);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            },
            $"{profile.FullName} to be deleted");
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var file = Path.Combine(profile.FullName, "DevToolsActivePort");
        var lines = Eventually.Get(
            () => process.HasExited ? throw new InvalidOperationException(process.Output)
                : File.Exists(file) ? File.ReadAllLines(file) : [],
            read => read.Length >= 2, "Chromium to listen", Limit);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{lines[0]}{lines[1]}"), http, cancellationToken);
        var target = await SendAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank" }, cancellationToken);
        var attached = await SendAsync("Target.attachToTarget",
            new JsonObject { ["targetId"] = (string?)target["targetId"], ["flatten"] = true }, cancellationToken);
        session = (string?)attached["sessionId"];
        foreach (var domain in new[] { "Page", "Runtime", "Log" }) await SendAsync($"{domain}.enable", [], cancellationToken);
    }

    private async Task<JsonNode> SendAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        var id = ++last;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null) message["sessionId"] = session;
        await socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes<JsonNode>(message), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        while (true)
        {
            var answer = await ReadAsync(cancellationToken);
            if ((int?)answer["id"] != id) continue;
            return answer["result"] ?? throw new InvalidOperationException($"{method}: {answer.ToJsonString()}");
        }
    }

    /// <summary>The next message; what it tells of the page is kept.</summary>
    private async Task<JsonNode> ReadAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var buffer = new ArrayBufferWriter<byte>();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.GetMemory(65_536), limit.Token);
            buffer.Advance(part.Count);
            if (part.EndOfMessage) break;
        }
        var message = JsonNode.Parse(buffer.WrittenSpan)!;
        switch ((string?)message["method"])
        {
            case "Page.loadEventFired":
                isLoaded = true;
                break;
            case "Log.entryAdded" or "Runtime.exceptionThrown" or "Runtime.consoleAPICalled":
                problems.Add(message["params"]!.ToJsonString());
                break;
        }
        return message;
    }
}
