using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.ApiServer;
using static EbpfLb.Kubernetes.Tests.Api.ApiFixture;

namespace EbpfLb.Kubernetes.Tests.Auth;

public sealed class TokenTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private FakeApiServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await FakeApiServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        directory.Dispose();
    }

    private KubernetesApi ClientWith(ApiCredentials credentials)
        => Client(new ApiConnection([server.Url], "test") { Credentials = credentials });

    private static Task<ObjectList<Model.Service>> List(KubernetesApi api) => api.ListAsync(ApiResources.Services, ApiSelector.All, Cancel);

    [Fact]
    public async Task A_rotated_token_file_is_used_by_the_next_request()
    {
        var path = directory.Write("token", "first\n");
        using var api = ClientWith(new TokenFile(path, "in-cluster configuration"));
        await List(api);

        directory.Write("token", "second\n");
        await List(api);

        Assert.Equal(["token:first", "token:second"], server.Requests.Select(r => r.User));
    }

    [Fact]
    public async Task Credentials_that_are_refused_are_got_anew_once()
    {
        var credentials = new RotatingCredentials("old", "new");
        server.Faults.AcceptTokens("new");
        using var api = ClientWith(credentials);

        await List(api);

        Assert.Equal(["token:old", "token:new"], server.Requests.Select(r => r.User));
    }

    [Fact]
    public async Task A_token_that_stays_refused_is_explained()
    {
        var path = directory.Write("token", "wrong");
        server.Faults.AcceptTokens("right");
        using var api = ClientWith(new TokenFile(path, "in-cluster configuration"));

        var failure = await FailureOf(() => List(api));

        Assert.Equal(ApiFailure.Unauthorized, failure.Failure);
        Assert.Contains($"the server does not accept the token in {path}", failure.Message);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_token_file_that_is_gone_is_explained()
    {
        using var api = ClientWith(new TokenFile(Path.Combine(directory.Path, "token"), "kubeconfig: users[0].user.tokenFile"));

        var failure = await FailureOf(() => List(api));

        Assert.Equal(ApiFailure.Credentials, failure.Failure);
        Assert.Contains("users[0].user.tokenFile", failure.Message);
        Assert.Contains("does not exist", failure.Message);
    }

    [Fact]
    public async Task Forbidden_is_explained_with_the_rule_of_the_resources_group()
    {
        server.Faults.Forbid("watch", "endpointslices");
        using var api = ClientWith(new NoCredentials());

        var failure = await FailureOf(() => api.WatchAsync(ApiResources.EndpointSlices, ApiSelector.All, server.ResourceVersion, Cancel));

        Assert.Equal(ApiFailure.Forbidden, failure.Failure);
        Assert.EndsWith("""{apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}""", failure.Message);
    }

    private sealed class RotatingCredentials(string first, string second) : ApiCredentials
    {
        public override string Description => "a test's token";

        public override ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken)
            => new(new ApiCredential(refused is null ? first : second));
    }
}
