// A small application as Relay's compiler wants it: fragments, connections, a page that can be refetched.
import { graphql } from "relay-runtime";

export const taskRow = graphql`
  fragment board_taskRow on Task {
    key
    title
    status
    latestExecution {
      status
      progress {
        done
        total
      }
    }
  }
`;

export const taskList = graphql`
  fragment board_taskList on Project
  @refetchable(queryName: "boardTaskListPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "Cursor" }) {
    tasks(first: $count, after: $cursor) @connection(key: "board_taskList_tasks") {
      edges {
        node {
          id
          ...board_taskRow
        }
      }
    }
  }
`;

export const findingList = graphql`
  fragment board_findingList on Query
  @refetchable(queryName: "boardFindingListPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "Cursor" }) {
    findings(first: $count, after: $cursor) @connection(key: "board_findingList_findings") {
      edges {
        node {
          rule
          severity
        }
      }
    }
  }
`;

export const execution = graphql`
  fragment board_execution on Execution @refetchable(queryName: "boardExecutionRefetchQuery") {
    status
    progress {
      done
    }
  }
`;

export const screen = graphql`
  query boardScreenQuery($project: ID!) {
    viewer {
      id
      name
    }
    project(by: { id: $project }) {
      ...board_taskList
    }
    ...board_findingList
  }
`;

export const malformed = graphql`
  query boardMalformedQuery {
    task(by: { id: "nonsense" }) {
      ...board_taskRow
    }
  }
`;

export const create = graphql`
  mutation boardCreateMutation($input: CreateTaskInput!) {
    createTask(input: $input) {
      errors {
        code
        message
      }
      task {
        key
        latestExecution {
          id
          ...board_execution
        }
      }
    }
  }
`;

export const events = graphql`
  subscription boardWatchSubscription($id: ID!, $after: Cursor) {
    executionEvents(executionId: $id, after: $after) {
      cursor
      event {
        __typename
        sequence
        ... on StepStarted {
          step
        }
      }
    }
  }
`;
